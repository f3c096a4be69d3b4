"""`python -m localsim` is the command line."""

import sys

from localsim.cli import main

sys.exit(main())
