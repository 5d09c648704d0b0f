#!/bin/sh
# A matrix as a Slurm array: each task runs a shard, one more job puts the shards together.
#
#   sh slurm-array.sh nightly.ts 8 /shared/nightly-2026-01-31
#
# The directory must be one that all nodes see. A task that Slurm starts again goes on with what is missing.
set -eu
matrix=$1 shards=$2 out=$3

mkdir -p "$out"
ringtrial plan "$matrix" --output "$out/plan.json"

# A rejected or missing trial (1, 3) is a result of its shard, and no reason to hold back the rest.
array=$(sbatch --parsable --array="1-$shards" --cpus-per-task=4 --mem=8G --requeue \
	--wrap "ringtrial run --plan '$out/plan.json' --shard \$SLURM_ARRAY_TASK_ID/$shards --out '$out/shard-'\$SLURM_ARRAY_TASK_ID || [ \$? -eq 1 ] || [ \$? -eq 3 ]")

sbatch --dependency="afterany:$array" --wrap "ringtrial merge '$out'/shard-* --out '$out/whole' && ringtrial report '$out/whole' --format html -o '$out/page.html'"
