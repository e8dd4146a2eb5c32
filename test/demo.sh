#!/bin/sh
# ISC license.
# examples/demo.sh runs to its end, and the picture in README.md has the shape of the one it prints.

. test/cases.sh

# addresses and numbers are N, bars and spaces one, whatever the times were
shape ()
{
  sed -e 's/[0-9a-f.:]*[0-9][0-9a-f.:]*/N/g' -e 's/  */ /g' -e 's/N\( N\)* start/N start/' -e 's/|-*\([x*]\)/\1/' -e 's/--*/-/g' "$1"
}

timeout 60 examples/demo.sh > "$dir/log" 2>&1
report $? "the demo"

shape "$dir/log" > "$dir/demo"
awk '/^```$/ && inside { exit } inside ; /^```$/ { getline ; if (/^\$ race /) { inside = 1 ; print } }' README.md > "$dir/picture"
shape "$dir/picture" > "$dir/log"
cat "$dir/demo" >> "$dir/log"
test "$(wc -l < "$dir/picture")" -ge 6
report $? "README.md has a picture"
case $(cat "$dir/demo") in
  *"$(shape "$dir/picture")"*) true ;;
  *) false ;;
esac
report $? "the picture in README.md is the demo's"

# a host that gives it no namespace, and has fast open for clients only
mkdir "$dir/bin"
printf '%s\n' '#!/bin/sh' 'exit 1' > "$dir/bin/unshare"
chmod +x "$dir/bin/unshare"
options=$(namespaces n)
if test "$options"
then
  unshare "$options" sh -c 'ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_fastopen && PATH=$0:$PATH exec timeout 60 examples/demo.sh' "$dir/bin" > "$dir/log" 2>&1 &&
  grep -q '^No fast open .* net.ipv4.tcp_fastopen is 1, .* sysctl net.ipv4.tcp_fastopen=3$' "$dir/log"
  report $? "the demo without fast open names the sysctl"
else echo "skip the demo without fast open: no network namespaces"
fi

end
