"""Nothing that looks like a secret is in any file of the repository, or in a zip that is built of it.

The layers' zips hold what others wrote, locked by hash, with examples of secrets in it.
"""

from scripts.deployment import ROOT
from tests.support.secrets import Search, members, sources


def test_no_file_holds_a_secret() -> None:
    search, files = Search(), list(sources(ROOT))
    folders = {name.partition("/")[0] for name, _ in files}
    assert {"docs", "environments", "lambda_src", "modules", "scripts", "statemachines", "tests"} <= folders
    assert not {found for file in files for found in search.text(*file)}


def test_no_zip_holds_a_secret() -> None:
    search, zips = Search(), [path for path in (ROOT / "build").glob("*.zip") if not path.name.startswith("layer_")]
    packages = {path.name for path in (ROOT / "lambda_src").iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert {path.stem for path in zips} == packages - {"shared"}
    assert not {found for path in zips for file in members(path) for found in search.text(*file)}
