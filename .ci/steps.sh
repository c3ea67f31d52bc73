# shellcheck shell=bash
# Steps with a name, a limit in seconds and a duration. Sourced by run and full.

failed=()
started=$SECONDS

# step NAME SECONDS FUNCTION: run it in a subshell; say how it ended, and go on, so that one run shows every fault.
step() {
    local name=$1 limit=$2 function=$3 begin=$SECONDS status=0 job watch
    echo "== $name"
    set -m # a process group of its own, so that the limit reaches everything it started
    ("$function") &
    job=$!
    trap 'kill -TERM -- "-$job" 2>/dev/null; exit 130' INT TERM # a job of its own group does not hear Ctrl-C
    (sleep "$limit" && kill -TERM -- "-$job") >/dev/null 2>&1 &
    watch=$!
    set +m
    wait "$job" || status=$?
    kill -TERM -- "-$watch" 2>/dev/null
    wait "$watch" 2>/dev/null
    if [ "$status" -eq 0 ]; then
        echo "-- $name: held, $((SECONDS - begin)) s"
    else
        [ $((SECONDS - begin)) -lt "$limit" ] || echo "   over its limit of $limit s"
        echo "-- $name: FAILED (status $status), $((SECONDS - begin)) s"
        failed+=("$name")
    fi
}

# count WORD LOG...: the sum of "N WORD" over the last pytest summary of each log.
count() {
    local word=$1 log n sum=0
    shift
    for log in "$@"; do
        n=$(grep -E '(passed|failed|error).* in [0-9.]+s' "$log" 2>/dev/null | tail -n 1 | grep -oE "[0-9]+ $word" | grep -oE '^[0-9]+')
        sum=$((sum + ${n:-0}))
    done
    echo "$sum"
}

# finish LOG...: the last lines, and the exit status.
finish() {
    echo "== all: $((SECONDS - started)) s"
    local passed broken
    passed=$(count passed "$@")
    broken=$(($(count failed "$@") + $(count error "$@")))
    if [ ${#failed[@]} -gt 0 ]; then
        printf 'FAILED: %s\n' "${failed[@]}"
        [ "$broken" -gt 0 ] || broken=${#failed[@]}
    fi
    echo "$passed passed, $broken failed"
    [ ${#failed[@]} -eq 0 ]
}
