"""What changed files mean: which functions have to be reloaded, and what needs another command."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

from infra_cdk.images import SERVICES

_SOURCES = "src"
_DECLARATION = "pyproject.toml"
_PAGE = "page"
_MODULES = {service.replace("-", "_"): service for service in SERVICES}


@dataclass(frozen=True, slots=True)
class Changes:
    """The services whose functions are affected, and what must be run for the rest, by the file that changed."""

    services: tuple[str, ...]
    needs: tuple[tuple[Path, str], ...] = ()


def changes_of(paths: Iterable[Path], root: Path) -> Changes:
    """Return what changed files below `root` (the directory `services`) mean; files of no package mean nothing.

    A package that is no service (size_history) is a part of every service.
    """
    modules, needs = set(), {}
    for path in sorted(paths):
        module, *rest = path.relative_to(root).parts
        if rest[:1] == [_SOURCES]:
            modules.add(module)
        elif rest == [_DECLARATION]:
            needs[path] = "make install"
        elif rest[:1] == [_PAGE]:  # the dashboard's sources, which are packed into one file below src
            needs[path] = ".venv/bin/tidemark pack-page"
    shared = modules - _MODULES.keys()
    affected = [service for module, service in _MODULES.items() if shared or module in modules]
    return Changes(tuple(affected), tuple(needs.items()))


def syntax_error(paths: Iterable[Path]) -> str | None:
    """Return where and why one of the Python files cannot be compiled, like `handler.py:12: invalid syntax`, or None."""
    for path in sorted(paths):
        if path.suffix != ".py" or not path.exists():
            continue
        try:
            compile(path.read_bytes(), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            return f"{path.name}{line}: {getattr(error, 'msg', error)}"
    return None


def forget_bytecode(paths: Iterable[Path]) -> None:
    """Remove what Python compiled of changed files: it takes a file of the same size and second for unchanged."""
    for path in paths:
        if path.suffix == ".py":
            Path(cache_from_source(str(path))).unlink(missing_ok=True)
