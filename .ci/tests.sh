# Functions of `.ci/run` that run commands, count the results of tests, and repeat what failed.
# The file that sources this one sets `logs`, a directory for the output of tests; `parent`, the
# directory of the temporary directories of tests; `deno`, the command that starts Deno; and
# `deno_test`, the command that runs given test files. It defines `is_late`, which succeeds if there
# is no time to run tests again.
# shellcheck shell=bash
: "${logs:?}" "${parent:?}"

passed=0
failed=0
failures=()

fail() {
  printf 'FAILED: %s\n' "$*"
  failures+=("$*")
  failed=$((failed + 1))
}

# Runs a command that needs a server, up to five times within a minute and a half.
retry() {
  local pause
  for pause in 5 10 20 40; do
    if "$@"; then return; fi
    echo "Failed; another try in $pause s: $*" >&2
    sleep "$pause"
  done
  "$@"
}

# Runs a command a second time if it fails. Deno itself may crash, and a download may fail.
twice() {
  local status=0
  "$@" || status=$?
  if ((status == 0)); then return; fi
  echo "Ended with $status; a second try: $*" >&2
  "$@"
}

# Whether a log has Deno's totals. Without them, some tests may not have run.
has_totals() { grep -qE '^(ok|FAILED) \| [0-9]+ passed' "$1"; }

# Runs tests, and adds up Deno's totals: `ok | 12 passed (3 steps) | 0 failed | 1 ignored`.
# Arguments: a name; the time limit in minutes; how failures are retried, `alone` or beside `busy`
# loops; the command.
run_tests() {
  local log=$logs/$1 limit=$2 how=$3 status=0 summary
  shift 3
  until_totals "$log" "$limit" "$@" || status=$?
  summary=$(grep -E '^(ok|FAILED) \| [0-9]+ passed' "$log" | tail -n 1) || true
  if [[ ! $summary =~ ([0-9]+)\ passed.*\|\ ([0-9]+)\ failed(.*\|\ ([0-9]+)\ ignored)? ]]; then
    # The number of tests that had passed before is not counted: some of a file may not have run.
    fail "$* ended without a result: $(reason "$status" "$limit"). The end of its output:
$(unfinished "$log")"
    return
  fi
  ((BASH_REMATCH[1] + BASH_REMATCH[2] > 0)) || fail "$* ran no test"
  passed=$((passed + BASH_REMATCH[1]))
  local wrong=${BASH_REMATCH[2]} skipped=${BASH_REMATCH[4]:-0}
  if ((skipped > 0)); then
    echo 'FAILED: these tests were skipped:'
    grep -E ' \.\.\. ignored' "$log" || true
    failures+=("$skipped skipped tests of: $*")
    failed=$((failed + skipped))
  fi
  if ((wrong > 0)); then
    again "$log" "$wrong" "$how"
  elif ((status != 0)); then
    fail "$* ended with $status"
  fi
}

# Says how a command ended. Arguments: its exit code; its time limit in minutes.
reason() { if (($1 == 124)); then echo "its $2 minutes were over"; else echo "exit code $1"; fi; }

# Runs tests a second time, unless it is late, if they ended without totals: because a step before
# them failed, Deno crashed, or their time was over. Arguments and exit code: as `in_own_directory`.
until_totals() {
  local log=$1 limit=$2 status=0
  in_own_directory "$@" || status=$?
  if has_totals "$log"; then return "$status"; fi
  if is_late; then return "$status"; fi
  shift 2
  printf '\nNo result: %s. The end of the output:\n%s\n' \
    "$(reason "$status" "$limit")" "$(unfinished "$log")"
  echo "All of it a second time: $*"
  in_own_directory "$log" "$limit" "$@"
}

# Runs tests in a temporary directory of their own, in which they have to leave nothing. Prints their
# output and writes it to a log. The exit code is that of the tests.
# Arguments: the log; the time limit in minutes; the command.
in_own_directory() {
  local log=$1 limit=$2m temporary running printing status=0
  shift 2
  # The path is short, since Unix sockets in it have a limited length, and writable for all, since
  # some tests run the program as another user.
  temporary=$(mktemp -d "$parent/ci.XXXXXX")
  chmod 1777 "$temporary"
  : > "$log"
  # The output goes to a file, not a pipe: a process that the tests leave would keep a pipe open, and
  # its reader from its end. The second `tail` prints the file until the first one is killed here,
  # or ends because this shell has ended.
  tail -f --pid="$$" /dev/null &
  running=$!
  tail -n +1 -f --pid="$running" "$log" &
  printing=$!
  TMPDIR=$temporary timeout --kill-after=30 "$limit" "$@" >> "$log" 2>&1 || status=$?
  kill "$running"
  wait "$running" "$printing" 2> /dev/null || true
  leaves_nothing "$temporary" "$log"
  rm -rf "$temporary"
  return "$status"
}

# Prints the tests that had run for long, and the last lines of the output.
unfinished() {
  grep -oE "'[^']*' has been running for over" "$1" | sort | uniq -c | sort -rn | head -n 10 || true
  tail -n 10 "$1"
}

# Fails if the tests left files in the temporary directory, or processes that name it in their
# arguments or environment. Processes that are just ending get half a minute. A test that failed or
# was cancelled could not always clean up, nor could a run without totals: what they left is only
# printed, and the second try has to leave nothing. The processes are killed.
# Arguments: the directory; the log.
leaves_nothing() {
  local left=() pids=() pid try
  for try in 1 2 3 4 5 6 7 8; do
    mapfile -t left < <(find "$1" -mindepth 1 -maxdepth 1)
    # `grep` reads the pattern from its input; as an argument, the pattern would match `grep` itself.
    # shellcheck disable=SC2062
    mapfile -t pids < <(
      grep -laF -f - /proc/[0-9]*/{cmdline,environ} 2> /dev/null <<< "$1" | cut -d / -f 3 | sort -u
    )
    if ((${#left[@]} + ${#pids[@]} == 0)); then return; fi
    sleep "$try"
  done
  for pid in "${pids[@]}"; do
    left+=("process $pid: $(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline")")
  done
  local message
  message=$(printf 'the tests left behind:' && printf '\n  %s' "${left[@]}")
  if has_totals "$2" && ! grep -qE ' \.\.\. (cancelled|FAILED) ' "$2"; then
    fail "$message"
  else
    printf 'Some tests did not end well; %s\n' "$message"
  fi
  if ((${#pids[@]} > 0)); then kill -KILL "${pids[@]}" 2> /dev/null || true; fi
}

# Runs the files with failures a second time, one after the other, and beside busy loops if they
# failed there. Real sockets and processes on a shared machine fail now and then; a second failure
# counts. Prints both results.
# Arguments: the log of the first try; the number of failures in it; `alone` or `busy`.
again() {
  local log=$1 count=$2 how=$3 files
  # In parallel, Deno names the file in each result, and else in the line before the file's results.
  mapfile -t files < <(
    awk '
      /^running [0-9]+ tests? from / { file = $NF }
      / \.\.\. FAILED/ { print $2 == "=>" ? $1 : file }
      /^\.\/(dist\/)?tests\/[^ ]* \(uncaught error\)$/ { print $1 }
    ' "$log" | grep -E '^\./(dist/)?tests/.*_test\.ts$' | sort -u
  )
  if ((${#files[@]} == 0)); then
    fail "$count tests, in files that the output does not name"
    return
  fi
  printf '\n%s failed; a second try: %s\n' "$count" "${files[*]}"
  local command=("${deno_test[@]}")
  if [[ $how == busy ]]; then command=(env DENO_JOBS=1 "${deno[@]}" task test:busy); fi
  if until_totals "$log.again" 15 "${command[@]}" "${files[@]}"; then
    echo "These passed at the second try: ${files[*]}"
    # The uncaught error that cancels the tests of a file counts as one more failure.
    local cancelled
    cancelled=$(grep -E '^\./(dist/)?tests/[^ ]* \(uncaught error\)$' "$log" | sort -u | wc -l) || true
    passed=$((passed + count - cancelled))
  else
    failed=$((failed + count))
    failures+=("${files[*]} failed twice")
  fi
}
