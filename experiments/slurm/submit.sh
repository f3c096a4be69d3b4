#!/bin/bash
# The job that holds the scheduler: sbatch submit.sh CONFIG FOLDER [more for sweep.py]
#SBATCH --job-name=localsim
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=24:00:00
# Ctrl-C a minute before the end, so that what is done is written; the rest is for next time.
#SBATCH --signal=B:INT@60
set -euo pipefail
exec python experiments/slurm/sweep.py "$@"
