"""The faults of a file: those of mutmut's operators, and those of ours, which drop, swap, negate and ignore."""

import hashlib
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

END = 10**9  # a line beyond the end of every file


def delete_statement(node):
    """A call, a change in place, a ``raise``, a ``return``; a name that is bound, where it had a value before."""
    (statement, *more) = node.body
    match statement:
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return  # a docstring
        case cst.Expr() | cst.Raise() | cst.Return() | cst.AugAssign() | cst.Assert() | cst.Del():
            dropped = True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            dropped = m.findall(statement.value, m.Name(name))
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute() | cst.Subscript())]):
            dropped = True
        case _:
            dropped = False
    if dropped and not more:
        yield node.with_changes(body=[cst.Pass()])


def negate_condition(node):
    if not m.matches(node.test, m.UnaryOperation(operator=m.Not())):  # mutmut takes the ``not`` away
        inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), inner))


def ignore_parameter(node):
    """Whatever is given, the default is taken."""
    if not isinstance(node.body, cst.IndentedBlock):
        return
    has_docstring = node.get_docstring() is not None
    for parameter in (*node.params.params, *node.params.kwonly_params):
        if parameter.default is not None:
            taken = cst.Assign([cst.AssignTarget(parameter.name)], parameter.default)
            body = list(node.body.body)
            body.insert(has_docstring, cst.SimpleStatementLine([taken]))
            yield node.with_changes(body=node.body.with_changes(body=body))


def swap_arguments(node):
    for place, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
        given = (one.star, one.keyword, other.star, other.keyword)
        if given == ("", None, "", None) and not one.value.deep_equals(other.value):
            args = list(node.args)
            args[place : place + 2] = one.with_changes(value=other.value), other.with_changes(value=one.value)
            yield node.with_changes(args=args)


def unwrap_call(node):
    """What goes in comes out: ``f(x, y)`` is ``x``, and ``(a + b).f()`` is ``a + b``."""
    match node:
        case cst.Call(func=cst.Attribute(value=receiver)) if not (node.args and isinstance(receiver, cst.Name)):
            yield receiver
        case cst.Call(args=[cst.Arg(star="", keyword=None, value=value), *_]):
            yield value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def forget_in_text(node):
    """One of the numbers or names that an f-string shows."""
    for place, part in enumerate(node.parts):
        if isinstance(part, cst.FormattedStringExpression):
            yield node.with_changes(parts=[*node.parts[:place], *node.parts[place + 1 :]])


def guards(node):
    """The arguments of a call that have no faults: no test could tell.

    ``zip(…, strict=True)`` is a guard against faults elsewhere; where all else is right it has nothing to do. And
    ``encoding="utf-8"`` is the default where the tests run.
    """
    match node:
        case cst.Call(func=cst.Name("zip")):
            return [arg for arg in node.args if m.matches(arg, m.Arg(m.Name("True"), keyword=m.Name("strict")))]
        case cst.Call():
            utf8 = m.Arg(m.SimpleString('"utf-8"'), keyword=m.Name("encoding"))
            return [arg for arg in node.args if m.matches(arg, utf8)]
    return []


def only_guards(node, changed):
    """Do two calls differ in nothing else?"""
    names = {arg.keyword.value for arg in guards(node)}
    if not names or not isinstance(changed, cst.Call):
        return False
    rest = lambda call: call.with_changes(
        args=[
            arg.with_changes(comma=cst.MaybeSentinel.DEFAULT)
            for arg in call.args
            if arg.keyword is None or arg.keyword.value not in names
        ]
    )
    return rest(node).deep_equals(rest(changed))


OURS = [
    (cst.SimpleStatementLine, delete_statement),
    ((cst.If, cst.While, cst.CompIf), negate_condition),
    (cst.FunctionDef, ignore_parameter),
    (cst.Call, swap_arguments),
    (cst.Call, unwrap_call),
    (cst.FormattedString, forget_in_text),
]
OPERATORS = [*mutation_operators, *OURS]
COMPOUND = (cst.FunctionDef, cst.ClassDef, cst.If, cst.For, cst.While, cst.With, cst.Try, cst.Match)


@dataclass
class Mutant:
    """One fault. Its line, and the lines of its statement, are those of the file without it."""

    path: str
    operator: str
    line: int
    statement: range
    reach: range  # a test that executes none of these lines cannot notice
    within: str  # "body" or "header" of a function, or "module"
    module: cst.Module
    node: cst.CSTNode
    changed: cst.CSTNode

    def source(self):
        """The file with the fault; None if it is no program, or the same."""
        source = self.module.deep_replace(self.node, self.changed).code
        try:
            compile(source, self.path, "exec")
        except (SyntaxError, ValueError):
            return None
        return None if source == self.module.code else source

    def key(self, source):
        return hashlib.sha256(f"{self.path}\n{self.module.code}\n{source}".encode()).hexdigest()[:16]


class Finder(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path, module):
        super().__init__()
        self.path, self.module = path, module
        self.around, self.mutants = [], []

    def on_visit(self, node):
        if isinstance(node, (cst.Annotation, cst.Import, cst.ImportFrom)):
            return False
        if self.around and node in guards(self.around[-1]):
            return False
        if self.returns_nothing_at_the_end(node):
            return False
        self.around.append(node)
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                for changed in operator(node):
                    if only_guards(node, changed):
                        continue
                    where = self.where(operator is ignore_parameter)
                    self.mutants.append(Mutant(self.path, operator.__name__, *where, self.module, node, changed))
        return True

    def returns_nothing_at_the_end(self, node):
        """Is it a function's last ``return None``? Without it None is returned too."""
        nothing = m.SimpleStatementLine([m.Return(value=m.Name("None"))])
        return (
            m.matches(node, nothing)
            and len(self.around) > 1
            and isinstance(self.around[-2], cst.FunctionDef)
            and node is self.around[-1].body[-1]
        )

    def on_leave(self, node):
        if self.around and self.around[-1] is node:
            self.around.pop()

    def lines(self, node):
        span = self.get_metadata(PositionProvider, node)
        return range(span.start.line, span.end.line + 1)

    def where(self, whole_function):
        """(line, statement, reach, within) of the node that is visited."""
        kinds = (cst.SimpleStatementLine, *COMPOUND)
        place, statement = next(
            ((i, n) for i, n in reversed(list(enumerate(self.around))) if isinstance(n, kinds)), (0, self.module)
        )
        lines = self.lines(statement)
        if isinstance(statement, COMPOUND) and statement.__class__ is not cst.Match:
            lines = range(lines.start, max(lines.start + 1, self.lines(statement.body).start))
        line = lines.start if whole_function else self.lines(self.around[-1]).start
        functions = [n for n in self.around[:place] if isinstance(n, (cst.FunctionDef, cst.ClassDef))]
        if isinstance(statement, cst.FunctionDef):
            return line, lines, self.lines(statement.body), "header"
        if functions and isinstance(functions[-1], cst.FunctionDef):
            return line, lines, lines, "body"
        return line, lines, range(1, END), "module"


def mutants_of(root, path):
    """All faults of a file, in the order of its lines."""
    wrapper = MetadataWrapper(cst.parse_module((root / path).read_text(encoding="utf-8")))
    finder = Finder(path, wrapper.module)
    wrapper.visit(finder)
    return sorted(finder.mutants, key=lambda mutant: mutant.line)
