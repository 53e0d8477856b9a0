"""Operators of ONNX, run by the reference that the package brings, and the cases by which ONNX tests them."""

import importlib

import numpy as np
import onnx
from onnx.backend.test.case import node as cases_of
from onnx.reference import ReferenceEvaluator

OPSET = 25


def attributes_of(node):
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def named(names, arrays):
    """Those that are left out have no name."""
    return dict(zip((name for name in names if name), arrays, strict=True))


def cases(operator, file):
    """{name: (opset, inputs, attributes, outputs)}.

    ONNX has no list of the cases of one operator: its public `collect_testcases` imports those of all, for 20 seconds.
    """
    importlib.import_module(f"{cases_of.__name__}.{file}")
    found = {}
    for case in cases_of._NodeTestCases:
        nodes = case.model.graph.node
        if [node.op_type for node in nodes] != [operator]:
            continue  # of another, or the same by simpler operators
        (((inputs, outputs),), (opset,)) = case.data_sets, case.model.opset_import
        inputs, outputs = named(nodes[0].input, inputs), named(nodes[0].output, outputs)
        found[case.name.removeprefix("test_")] = (opset.version, inputs, attributes_of(nodes[0]), outputs)
    return found


def run(operator, inputs, outputs, opset=OPSET, **attributes):
    """{name: array}: what the reference gives for inputs by name, None being left out."""
    schema = onnx.defs.get_schema(operator, max_inclusive_version=opset)
    order = [one.name if inputs.get(one.name) is not None else "" for one in schema.inputs]
    made = [one.name if one.name in outputs else "" for one in schema.outputs]
    while not order[-1]:
        order.pop()
    while not made[-1]:
        made.pop()
    node = onnx.helper.make_node(operator, order, made, **attributes)
    # the types are not looked at by the reference, which computes in those of the arrays
    typed = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, None) for name in order + made if name]
    given = [name for name in order if name]
    graph = onnx.helper.make_graph([node], operator, typed[: len(given)], typed[len(given) :])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    return named(made, ReferenceEvaluator(model).run(None, {name: inputs[name] for name in given}))


def normal(rng, inputs):
    """The inputs of a case, drawn anew in float64, of either sign; masks and lengths remain."""
    return {
        name: array if name in ("attn_mask", "nonpad_kv_seqlen") and not is_float(array) else redrawn(rng, array)
        for name, array in inputs.items()
    }


def is_float(array):
    return array.dtype.kind == "f" or array.dtype.name == "bfloat16"


def redrawn(rng, array):
    hidden = np.isneginf(array.astype(np.float64))
    return np.where(hidden, -np.inf, rng.standard_normal(array.shape))
