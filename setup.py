"""Build of the compiled kernel; everything else stands in pyproject.toml.

``PHONOSEARCH_DEBUG=1`` turns bounds checks on; ``PHONOSEARCH_SANITIZE=1`` adds ASAN and UBSAN.
"""

import os
import sys

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

KERNEL_MODULES = (
    "_soundex", "_double_metaphone", "_encoders", "_distance", "_texts", "_encode_many", "_distance_many", "_checksum",
    "_rarity", "_letter_tables", "_similarity", "_groups", "_heard", "_text_tables", "_text", "_deletions",
    "_cells", "_place_text", "_word_table", "_builder", "_new_arrays",
    "_forms", "_sort_keys", "_people", "_packer", "_arrays", "_relation", "_assignment", "_agreement", "_grid",
    "_align", "_workspace", "_expansion", "_pair", "_compare_many", "_bounds", "_first_bounds", "_scoring", "_merging",
    "_postings", "_finding", "_wording", "_sentences", "_hit", "_core", "_batch",
)  # fmt: skip


def flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


debug = flag("PHONOSEARCH_DEBUG")
sanitize = flag("PHONOSEARCH_SANITIZE")

compile_args = [] if sys.platform == "win32" else ["-O3", "-fno-strict-aliasing"]
link_args: list[str] = []
if sanitize:
    instrument = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    compile_args = ["-O1", "-g", "-fno-omit-frame-pointer", "-fno-strict-aliasing", *instrument]
    link_args = instrument

directives = {
    "language_level": 3,
    "boundscheck": debug or sanitize,
    "wraparound": False,
    "initializedcheck": debug or sanitize,
    "cdivision": True,
    "embedsignature": True,
    "freethreading_compatible": True,
}

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"phonosearch.{name}",
                [f"src/phonosearch/{name}.pyx"],
                include_dirs=[numpy.get_include()],
                extra_compile_args=compile_args,
                extra_link_args=link_args,
                define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
            )
            for name in KERNEL_MODULES
        ],
        compiler_directives=directives,
        include_path=["src"],
        build_dir="build/cython-checked" if debug or sanitize else "build/cython",
    ),
)
