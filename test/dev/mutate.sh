#!/bin/sh
# ISC license.
# Changes one operator, constant or line of the library's sources at a time: a test program has to fail.
# A change does not count that the compiler refuses, that leaves the object code as it was, or that gives the code of another.
# What changes nothing in the normal build is tried with -DLIBSOCKET_PORTABLE.
# mutants.log keeps what is known: object code that was killed is not tried again, nor what survived until a test changes.
# test/dev/mutants.txt says why a survivor does no harm, one a line: "file: before => after: reason".
# TESTS are the test programs, COMPILE is the compiler with its options, LINK what programs are linked with.

: "${COMPILE=cc -std=c11 -O2}" "${LINK=libsocket.a -lskarnet}" "${TESTS:?}"
set -- $(echo "$TESTS" | tr " " "\n" | grep -v /example_)  # these are of programs, and have parts

top=$PWD tab=$(printf '\t') workers='0 1'
dir=$(mktemp -d) || exit 1
trap 'for w in $workers ; do kill $(cat "$dir/pid.$w") ; kill -s KILL -- "-$(cat "$dir/group.$w")" ; done 2>/dev/null ; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT QUIT PIPE TERM
LC_ALL=C
export LC_ALL

# the changes of a source: file, line number, line, changed line
changes ()
{
  awk '
    # the line with its strings, characters and comments blanked
    function mask (s,   m, i, n, c)
    {
      m = ""
      for (i = 1 ; i <= length(s) ; i += n)
      {
        c = substr(s, i, 1)
        n = 1
        if (inside == "")
        {
          if (substr(s, i, 2) == "/*") { inside = "*/" ; n = 2 }
          else if (c == "\"" || c == "\047") inside = c
          else { m = m c ; continue }
        }
        else if (substr(s, i, length(inside)) == inside) { n = length(inside) ; inside = "" }
        else if (c == "\\") n = 2
        m = m substr("  ", 1, n)
      }
      return m
    }
    function put (at, n, by,   new)
    {
      new = substr(line, 1, at - 1) by substr(line, at + n)
      if (new != line) print FILENAME "\t" FNR "\t" line "\t" new
    }
    function swap (from, to,   at, p)
    {
      for (at = 0 ; (p = index(substr(code, at + 1), from)) > 0 ; )
      {
        at += p
        put(at, length(from), to)
      }
    }
    # the condition after a word, if it ends in this line
    function condition (word, by,   at, i, depth)
    {
      at = index(code, word)
      if (!at) return
      depth = 1
      for (i = at += length(word) ; i <= length(code) && depth ; i++)
        depth += (substr(code, i, 1) == "(") - (substr(code, i, 1) == ")")
      if (!depth) put(at, i - 1 - at, by)
    }

    {
      line = $0
      sub(/^ +/, "", line)
      sub(/ +$/, "", line)
      code = mask(line)
    }
    code ~ /^(#|extern |typedef |$)/ { next }
    {
      swap(" == ", " != ") ; swap(" != ", " == ")
      swap(" < ", " <= ") ; swap(" < ", " >= ") ; swap(" <= ", " < ") ; swap(" <= ", " > ")
      swap(" > ", " >= ") ; swap(" > ", " <= ") ; swap(" >= ", " > ") ; swap(" >= ", " < ")
      swap(" && ", " || ") ; swap(" || ", " && ")
      swap(" & ", " | ") ; swap(" | ", " & ") ; swap(" >> ", " << ") ; swap(" << ", " >> ")
      swap(" + ", " - ") ; swap(" - ", " + ") ; swap(" += ", " -= ") ; swap(" -= ", " += ")
      swap("++", "--") ; swap("--", "++") ; swap("-(", "(")
      swap(" * ", " / ") ; swap(" / ", " * ") ; swap(" % ", " * ")
      swap(" ? ", " && 0 ? ") ; swap(" ? ", " || 1 ? ")
      condition("if (", 0) ; condition("if (", 1) ; condition("while (", 0)

      for (at = 1 ; (p = index(substr(code, at), "!")) > 0 ; at += p)
        if (substr(code, at + p, 1) != "=") put(at + p - 1, 1, "")

      array = code ~ /^[^=]*\] ;$/  # declared: how large it is the sanitizers see
      for (at = 1 ; match(substr(code, at), /[A-Za-z0-9_]+/) ; at += n)
      {
        at += RSTART - 1
        n = RLENGTH
        word = substr(code, at, n)
        if (word ~ /^[0-9]+$/ && !array)
        {
          if (at > 1 && substr(code, at - 1, 1) == "-")
          {
            put(at - 1, n + 1, -1 - word) ; put(at - 1, n + 1, 1 - word) ; put(at - 1, 1, "")
          }
          else
          {
            put(at, n, word + 1)
            if (word > 0) put(at, n, word - 1)
          }
        }
        else if (word ~ /^0x/ || (word ~ /^[A-Z][A-Z0-9_]+$/ && substr(code, at + n, 1) != "(")) put(at, n, 0)
      }

      if (match(code, / = [^;]+ ;/)) put(RSTART + 3, RLENGTH - 5, 0)
      if (match(code, /return [^;]+ ;/))
      {
        word = substr(line, RSTART + 7, RLENGTH - 9)
        if (word !~ /^-?[0-9]+$/) put(RSTART + 7, RLENGTH - 9, "!(" word ")")
      }
      if ($0 ~ /^ / && code ~ / ; *$/)
      {
        at = index(code, "else ") == 1 ? 6 : 1
        put(at, length(line) + 1 - at, ";")
      }
    }
  ' "$1"
}

# compile build object: the program of standard input
compile ()
{
  case $1 in
    normal) $COMPILE -w -I. -c -o "$2" -x c - ;;
    portable) $COMPILE -DLIBSOCKET_PORTABLE -w -I. -c -o "$2" -x c - ;;
  esac 2>/dev/null
}

# object worker change: the change, and its new object, or why it does not count
object ()
{
  new=$dir/new.$1.o
  IFS=$tab read -r file n before after << EOF
$2
EOF
  for build in normal portable
  do
    what=refused
    AFTER=$after awk -v n="$n" 'NR == n { print ENVIRON["AFTER"] ; next } { print }' "$file" | compile $build "$new" || break
    what=same
    cmp -s "$new" "$dir/$build/${file%.c}.o" && continue
    what=$build/$file/$(cksum < "$new" | tr ' ' -)
    mv "$new" "$dir/$what"
    break
  done
  printf '%s\t%s\n' "$2" "$what"
}

# link build test program [object]
link ()
{
  # shellcheck disable=SC2086
  $COMPILE -Wl,-t,-t -o "$3" "$dir/$1/$2.o" $4 "$dir/$1/libsocket.a" ${LINK#libsocket.a}
}

# run worker test seconds: how many of its cases pass, or nothing if one does not. Nothing that it started stays.
run ()
{
  # shellcheck disable=SC2016
  setsid sh -c '
    ulimit -c 0
    ulimit -f 100000
    ulimit -n 1024
    ulimit -v 4000000
    echo $$
    cd "$1" && timeout --foreground -k 1 "$3" "$2" 2>&1
    printf "\nexit %s\n" $?
  ' sh "$dir/$1" "$2" "$3" < /dev/null |
  {
    read -r group
    echo "$group" > "$dir/group.$1"
    passed=0 end=0
    while read -r word rest
    do
      case $word in
        pass) passed=$((passed + 1)) ;;
        fail) break ;;
        end) end=1 ;;
        exit) test "$end $rest" = '1 0' && echo $passed ; break ;;
      esac
    done
    kill -s KILL -- "-$group"
  }
} 2>/dev/null

# baseline build worker test: its seconds, cases and name
baseline ()
{
  link "$1" "$3" "$dir/$2/$3" > "$dir/$1/$3.linked" 2>&1
  before=$(date +%s)
  passed=$(run "$2" "$3" 200)
  test -n "$passed" || { echo "$3 fails in the $1 build as it is" >&2 ; return 1 ; }
  echo "$(($(date +%s) - before)) $passed $3"
}

# try worker object: which test fails with it, or none. The one that failed with the last object of this file goes first.
try ()
{
  build=${2%%/*} file=${2#*/}
  file=${file%/*}
  last=$(cat "$dir/$build/$file/last" 2>/dev/null)
  { grep " $last$" "$dir/$build.tests" ; grep -v " $last$" "$dir/$build.tests" ; } | while read -r seconds passed test
  do
    grep -q "[(/)]${file%.c}\.o" "$dir/$build/$test.linked" || continue
    if ! link "$build" "$test" "$dir/$1/$test" "$dir/$2" > "$dir/log.$1" 2>&1
    then
      sed 's/^/# /' "$dir/log.$1" >&2
      exit 1
    fi
    if test "$(run "$1" "$test" $((10 + 3 * seconds)))" != "$passed"
    then
      echo "$test" > "$dir/$build/$file/last"
      echo "$test"
      break
    fi
  done
}

# judge worker object: writes down what it came to
judge ()
{
  killer=$(try "$1" "$2") || exit 1
  if test -n "$killer"
  then printf 'killed\t%s\t%s\n' "$2" "$killer"
  else printf 'survived\t%s\t%s\n' "$2" "$tests"
  fi >> "$top/mutants.log"
}

# each function [argument]: the workers run it on the lines of standard input, taking turns
each ()
{
  cat > "$dir/lines"
  for w in $workers
  do
    awk -v w="$w" -v n="$(echo "$workers" | wc -w)" 'NR % n == w' "$dir/lines" |
      while IFS=$tab read -r line ; do "$@" "$w" "$line" || exit ; done > "$dir/out.$w" &
    echo $! > "$dir/pid.$w"
  done
  for w in $workers ; do wait "$(cat "$dir/pid.$w")" || exit 1 ; done
  for w in $workers ; do cat "$dir/out.$w" ; done
}


# the library, the tests and the changes, in a folder of their own

cp ./*.c ./*.h "$dir" && cp -R test examples "$dir" && cd "$dir" || exit 1
for w in $workers ; do mkdir "$w" && cp -R test "$w" || exit 1 ; done
touch "$top/mutants.log" || exit 1

for build in normal portable
do
  mkdir -p $build/test
  for f in *.c
  do
    mkdir "$build/$f" && compile $build "$build/${f%.c}.o" < "$f" || exit 1
  done
  ar rc $build/libsocket.a $build/*.o
  for test
  do
    case $build in portable) flag=-DLIBSOCKET_PORTABLE ;; *) flag= ;; esac
    $COMPILE $flag -I. -c -o "$build/$test.o" "$test.c" || exit 1
  done
done
tests=$(cat normal/test/*.o portable/test/*.o test/*.tsv | cksum | tr ' ' -)

for f in *.c ; do changes "$f" ; done > changed
each object < changed > objects || exit 1
sort -t "$tab" -k 1,1 -k 2,2n objects | awk -F '\t' -v OFS='\t' '$5 ~ "/" && seen[$5]++ { $5 = "twin" } { print }' > all
awk -F '\t' -v tests="$tests" '
  FILENAME == ARGV[1] { if ($1 == "killed" || $3 == tests) known[$2] ; next }
  $5 ~ "/" && !($5 in known) { print $5 }
' "$top/mutants.log" all > todo
echo "$(wc -l < all) changes, $(awk -F '\t' '$5 ~ "/"' all | wc -l) to count, $(wc -l < todo) to try"


# the tests as they are, each beside others; then with each change

if test -s todo
then
  for build in normal portable
  do
    for test ; do echo "$test" ; done | each baseline $build > unsorted || exit 1
    sort -n unsorted > $build.tests
  done
  each judge < todo || exit 1
fi

awk -F '\t' -v tests="$tests" '
  FILENAME == ARGV[1] { if ($1 == "killed") killed[$2] ; next }
  FILENAME == ARGV[2] { if ($0 ~ /^[a-z]/) reason[++reasons] = $0 ; next }
  !($5 ~ "/") { not[$5]++ ; next }
  $5 in killed { dead++ ; next }
  {
    alive++
    change = $1 ": " $3 " => " $4
    for (i = 1 ; i <= reasons && index(reason[i], change ": ") != 1 ; i++) ;
    if (i <= reasons) { used[i] ; explained++ }
    else print $1 ":" $2 ": " $3 " => " $4
  }
  END {
    for (i = 1 ; i <= reasons ; i++) if (!(i in used)) print "not needed: " reason[i]
    print dead + 0 " killed, " alive + 0 " survived, of which " explained + 0 " explained; " \
      not["refused"] + not["same"] + not["twin"] " not counted: " not["refused"] + 0 " do not compile, " \
      not["same"] + 0 " change no code, " not["twin"] + 0 " give the code of another"
    exit alive > explained || alive * 100 > (dead + alive) * 3
  }
' "$top/mutants.log" "$top/test/dev/mutants.txt" all
