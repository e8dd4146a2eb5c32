#!/bin/sh
# ISC license.
# The pages: headers, files, tests, pages and the table in socket.3 name the same functions; mandoc's
# lint is silent; no phrase of phrases.tsv is in any text; in section 3 every SYNOPSIS agrees with socket.h, and the first display of every
# EXAMPLES, and each other one with a main, is a whole program that exits 0. libsocket.3 is only a name of socket.3.
# In html, no page is missing and no link leads nowhere.

. test/cases.sh

# prototypes of a page: a .Ft line followed by a .Fn line
synopsis ()
{
  awk '
    /^\.In / { print "#include <" $2 ">" }
    /^\.Vt / { sub(/^\.Vt /, "") ; print }
    /^\.Ft / { sub(/^\.Ft /, "") ; gsub(/"/, "") ; type = $0 }
    /^\.Fn / && type != "" {
      n = split($0, part, "\"")
      split($0, word, " ")
      args = ""
      for (i = 2 ; i <= n ; i += 2) args = args (args == "" ? "" : ", ") part[i]
      if (args == "" && word[3] != "") args = word[3]
      print type " " word[2] " (" args ") ;"
      type = ""
    }
    /^\.Sh DESCRIPTION/ { exit }
  ' "$1"
}

# example PAGE N: the Nth display of EXAMPLES
example ()
{
  awk -v which="$2" '
    /^\.Sh / { inside = ($2 == "EXAMPLES") }
    inside && /^\.Bd / { code = (++n == which) ; next }
    /^\.Ed/ { code = 0 }
    code { print }
  ' "$1" | sed -e 's/\\&//g' -e 's/\\-/-/g' -e 's/\\e/\\/g'
}

# the functions that the head comment of a test names
tested ()
{
  awk '
    /^\/\*/ && !/ISC license/ { head = 1 }
    head { line = $0 ; gsub(/[^a-z0-9_]+/, " ", line) ; n = split(line, word, " ") ; for (i = 1 ; i <= n ; i++) print word[i] }
    head && /\*\// { exit }
  ' "$1" | grep -x -e 'socket_[a-z0-9_]*' -e noipv6 | grep -v -x socket_connector | sort -u
}

# phrases FILE...: where they have a phrase of phrases.tsv, and what to write instead
phrases ()
{
  awk -F '\t' '
    FNR == 1 { before = "" }
    FILENAME == ARGV[1] { if (!/^#/) { phrase[++n] = "(^|[^a-z_])(" $1 ")([^a-z_]|$)" ; instead[n] = $2 } ; next }
    {
      line = tolower($0)
      gsub(/^[ \t]*(\/\*|\*|#)*[ \t]*/, "", line)
      for (i = 1 ; i <= n ; i++)
        if ((before " " line) ~ phrase[i] && before !~ phrase[i]) print FILENAME ":" FNR ": \"" $0 "\": write: " instead[i]
      before = line
    }
  ' test/phrases.tsv "$@"
}

# a name and what it was found as, one a line
names ()
{
  sed -n -e 's/^extern [^(]*[ *]\([a-z0-9_]*\) [(;].*/\1 prototype/p' \
      -e 's/^#define \(socket_[a-z0-9_]*\) lib\1$/\1 macro/p' \
      -e 's/^#define noipv6 libsocket_noipv6$/noipv6 macro/p' socket.h socket_connector.h
  for f in *.c ; do echo "${f%.c} file" ; done | grep -e '^noipv6 ' -e '^socket_'
  for f in man/[!l]*.3 ; do echo "$(basename "$f" .3) page" ; done | grep -v -e '^socket ' -e '^socket_connector '
  sed -n '/^\.Ss Functions/,/^\.Ss Headers/s/^\.It Xr \([a-z0-9_]*\) 3$/\1 line/p' man/socket.3 | grep -v '^socket_connector '
  for f in test/*.c ; do tested "$f" | sed 's/$/ test/' ; done
}

names | awk '
  { found[$1, $2]++ ; names[$1] }
  END {
    n = split("prototype macro file page line test", kind)
    for (name in names)
    {
      wrong = ""
      for (i = 1 ; i <= n ; i++) if (found[name, kind[i]] != 1) wrong = wrong " " kind[i]
      if (wrong == "") print "pass " name " has prototype, link name macro, file, page, line in socket.3 and test"
      else print "fail " name ": none or more than one:" wrong
    }
  }
' | sort > "$dir/names"
cat "$dir/names"
! grep -q '^fail' "$dir/names" || status=1

( cd man && mandoc -T lint -W style ./[!l]*.[13] 2>&1 | grep -v "outdated mandoc.db" ) > "$dir/log"
! test -s "$dir/log" ; report $? "lint"

phrases man/*.[13] ./*.[ch] examples/*.[ch] examples/*.sh README.md NEWS test/README > "$dir/log"
! test -s "$dir/log" ; report $? "phrases: none of phrases.tsv"
printf '/* It ends without\n   a word. */\n/* It returns. */\n' > "$dir/phrase.c"
phrases "$dir/phrase.c" > "$dir/log"
test "$(grep -c . "$dir/log")" -eq 1 && grep -q "^$dir/phrase.c:2: .*silently" "$dir/log"
report $? "phrases: finds one"

sed -n 's/^\.Dd //p' man/[!l]*.[13] | sort -u > "$dir/log"
test "$(grep -c . "$dir/log")" -eq 1
report $? "one date"
grep -n -E '(^|[^0-9.])0\.[0-9]+\.[0-9]+(\.?[^0-9.]|$)' man/*.[13] README.md test/README > "$dir/log"
! test -s "$dir/log" ; report $? "no version: it is in the Makefile and NEWS"

for page in man/[!l]*.3
do
  name=$(basename "$page" .3)
  synopsis "$page" > "$dir/synopsis.c"
  { test -s "$dir/synopsis.c" && $COMPILE -Werror -I. -c -o "$dir/synopsis.o" "$dir/synopsis.c" ; } > "$dir/log" 2>&1
  report $? "$name: synopsis"

  for which in 1 2 3 4 5
  do
    example "$page" $which > "$dir/example.c"
    test $which -eq 1 || grep -q 'int main' "$dir/example.c" || continue
    case $name in socket_local6 | socket_remote6 | socket_recv6 | socket_mc*6)
      ip6 || { echo "skip $name, example $which: no IPv6" ; continue ; }  # it is about addresses of IPv6
    esac
    { test -s "$dir/example.c" && $COMPILE -Wall -Wextra -Werror -I. -o "$dir/example" "$dir/example.c" $LINK &&
      timeout 30 "$dir/example" ; } > "$dir/log" 2>&1 < /dev/null
    report $? "$name: example $which"
  done
done

# in html: what make html and the others do, in a copy

make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
mkdir "$dir/copy" && cp -R Makefile man "$dir/copy"
html=$dir/copy/html

# links FILE...: where they lead, without the places in the page itself
links ()
{
  awk -F 'href="' '{ for (i = 2 ; i <= NF ; i++) { sub(/["#].*/, "", $i) ; if ($i != "") print $i } }' "$@" | sort -u
}

$make -C "$dir/copy" VERSION=1.2.3 html > "$dir/log" 2>&1
report $? "html"
rm -f "$dir/out"
for page in man/*.[13] ; do echo "${page#man/}.html" ; done > "$dir/wanted"
printf '%s\n' index.html style.css >> "$dir/wanted"
sort "$dir/wanted" > "$dir/sorted"
(cd "$html" && find . -type f | sed 's|^\./||' | sort) | diff "$dir/sorted" - > "$dir/log"
report $? "html: each page, an index and a style sheet"

links "$html/index.html" | diff - "$dir/sorted" | grep '^> ' > "$dir/log"
echo '> libsocket.3.html' | diff - "$dir/log" > "$dir/out"
report $? "html: the index has every page"

# what leads elsewhere leads to pages of others
links "$html"/*.html | while read -r target
do
  case $target in
    https://*socket*) echo "$target" ;;
    https://*) ;;
    *) test -f "$html/$target" || echo "$target" ;;
  esac
done > "$dir/log"
! test -s "$dir/log" && links "$html/socket.3.html" | grep -q -x socket_connector_nextdeadline.3.html
report $? "html: each link leads to a file"
grep -L 'libsocket 1\.2\.3' "$html"/*.html > "$dir/log"
! test -s "$dir/log" ; report $? "html: the version of the Makefile"

{
  $make -C "$dir/copy" install-html DESTDIR="$dir/a root" prefix=/usr && diff -r "$html" "$dir/a root/usr/share/doc/libsocket/html" &&
  $make -C "$dir/copy" uninstall-html DESTDIR="$dir/a root" prefix=/usr && ! test -d "$dir/a root/usr/share/doc/libsocket" &&
  $make -C "$dir/copy" clean && ! test -d "$html"
} > "$dir/log" 2>&1
report $? "html: install, uninstall, clean"

# the programs of README.md, as a stranger would build them

# readme N FLAG...: compiles the Nth to $dir/readmeN
readme ()
{
  n=$1
  shift
  awk -v which="$n" '/^```c/ { code = (++n == which) ; next } /^```/ { code = 0 } code' README.md > "$dir/readme$n.c"
  { test -s "$dir/readme$n.c" && $COMPILE -std=gnu11 -Wall -Wextra -Werror -I. -o "$dir/readme$n" "$dir/readme$n.c" "$@" ; } > "$dir/log" 2>&1
  report $? "README: program $n compiles"
}

readme 1 $LINK
readme 2 -L. -lsocket

# says CODE TEXT ARGUMENT...: that exit code, one line with TEXT on standard error
says ()
{
  code=$1 text=$2
  shift 2
  timeout 30 "$dir/readme1" "$@" > "$dir/out" 2> "$dir/log"
  test $? -eq "$code" && test "$(wc -l < "$dir/log")" -eq 1 && grep -q -F -e "$text" "$dir/log"
  report $? "README: program: $text"
}

compile examples/echod test/deadends
texts EADDRINUSE ECONNREFUSED
start_echod 127.0.0.1 0
start_deadends
says 100 "usage: hello host port"
says 111 "127.0.0.1: " 127.0.0.1 no-such-service
says 111 "127.0.0.1: $ECONNREFUSED" 127.0.0.1 "$refused"
timeout 30 "$dir/readme1" 127.0.0.1 "$port" > "$dir/log" 2>&1 && ! test -s "$dir/log"
report $? "README: program: connects"

# in a network where the port is free
cat > "$dir/both" << 'EOF'
ip link set lo up
./readme2 > served &
until ss -H -l -t -n 'sport = :7007' | grep -q . ; do kill -0 $! || exit ; done
./readme1 127.0.0.1 7007 || exit
until grep -q -x hello served ; do kill -0 $! || exit ; done
! ./readme2 2> taken && grep -q -x "hellod: $1" taken
ended=$?
kill $!
exit $ended
EOF
options=$(namespaces n)
if test "$options"
then
  (cd "$dir" && timeout 30 unshare "$options" sh both "$EADDRINUSE") > "$dir/log" 2>&1
  report $? "README: programs: one sends to the other"
else echo "skip README: programs: no network namespaces"
fi

end
