# Works with GNU make and bmake.

.POSIX:

VERSION = 0.2.0

CC = cc
AR = ar
RANLIB = ranlib
# no unwind tables: they are a third of the library; -g adds its own for debuggers
CFLAGS = -Os -fno-asynchronous-unwind-tables
# musl, with the skalibs that make deps-dev builds for it, S=$PWD/.ci/skalibs.d/musl, and Linux's headers, which are Debian's:
# make CC=musl-gcc CPPFLAGS="-I$S/include -idirafter /usr/include -idirafter /usr/include/$(cc -dumpmachine)" LDFLAGS="-L$S/lib"
CPPFLAGS =
LDFLAGS =
LDLIBS = -lskarnet

prefix = /usr/local
bindir = $(prefix)/bin
includedir = $(prefix)/include
libdir = $(prefix)/lib
mandir = $(prefix)/share/man
pkgconfdir = $(libdir)/pkgconfig
docdir = $(prefix)/share/doc/libsocket
# the project's home page, for libsocket.pc
URL =

# V=1 shows the commands
V =
SAYCC = @echo CC $@ &&
SAYAR = @echo AR $@ &&

COMPILE = $(CC) -std=c11 $(CPPFLAGS) $(CFLAGS)
LIBRARY = libsocket.a socket.h socket_connector.h

OBJECTS = \
 libsocket_acceptsa.o libsocket_attempt.o libsocket_clearerrors.o libsocket_closefail.o libsocket_connectsa.o libsocket_fastopensa.o \
 libsocket_finish.o libsocket_get4.o libsocket_get6.o libsocket_new.o libsocket_new6.o libsocket_outcome.o libsocket_reconnect.o \
 libsocket_same.o libsocket_setflags.o libsocket_setint.o libsocket_timeleft.o libsocket_unmap.o libsocket_zonelen.o \
 noipv6.o \
 socket_accept4.o socket_accept4_nbcoe.o socket_accept6.o socket_accept6_nbcoe.o \
 socket_bind4.o socket_bind4_noport.o socket_bind4_reuse.o socket_bind6.o socket_bind6_noport.o socket_bind6_reuse.o \
 socket_broadcast.o \
 socket_candidate_addrinfo.o socket_candidate_hedge.o socket_candidate_ip4.o socket_candidate_ip6.o socket_candidate_metrics.o \
 socket_connect4.o socket_connect6.o socket_connectany.o socket_connected.o \
 socket_connector_init.o socket_connector_nextdeadline.o socket_connector_prepare.o socket_connector_step.o \
 socket_connector_stop.o socket_connector_wait.o \
 socket_deferaccept.o \
 socket_fastopen.o socket_fastopen_connect4.o socket_fastopen_connect6.o socket_fastopen_defer.o socket_fastopen_key.o \
 socket_fastopen_queue.o socket_fastopen_used.o \
 socket_fmt6.o socket_getifidx.o socket_getifname.o socket_listen.o socket_local4.o socket_local6.o \
 socket_mchopcount6.o socket_mcjoin4.o socket_mcjoin6.o socket_mcleave4.o socket_mcleave6.o socket_mcloop4.o socket_mcloop6.o \
 socket_mcttl4.o \
 socket_quickack.o socket_recv4.o socket_recv6.o socket_remote4.o socket_remote6.o \
 socket_scan6.o \
 socket_sctp4.o socket_sctp4b.o socket_sctp6.o socket_sctp6b.o \
 socket_send4.o socket_send4_flag.o socket_send6.o socket_send6_flag.o \
 socket_tcp4.o socket_tcp4_nbcoe.o socket_tcp4b.o socket_tcp6.o socket_tcp6_nbcoe.o socket_tcp6b.o \
 socket_tryreservein.o \
 socket_udp4.o socket_udp4_nbcoe.o socket_udp4b.o socket_udp6.o socket_udp6_nbcoe.o socket_udp6b.o

all: libsocket.a

# D: neither times nor owners, so that two builds are equal
libsocket.a: $(OBJECTS)
	@rm -f $@
	$(SAYAR$(V)) $(AR) rcD $@ $(OBJECTS) 2> /dev/null || { $(AR) rc $@ $(OBJECTS) && $(RANLIB) $@ ; }

$(OBJECTS): internal.h socket.h socket_connector.h

.SUFFIXES:
.SUFFIXES: .c .o

.c.o:
	$(SAYCC$(V)) $(COMPILE) -c -o $@ $<

.c:
	$(SAYCC$(V)) $(COMPILE) -I. $(LDFLAGS) -o $@ $< libsocket.a $(LDLIBS)


# Examples: each has a page in section 1

EXAMPLES = examples/echod examples/race examples/tcpconnect examples/tcpserve

examples: $(EXAMPLES)

demo: $(EXAMPLES) test/deadends
	@examples/demo.sh

$(EXAMPLES): $(LIBRARY)

DAEMON = examples/daemon.c examples/logline.c
# functions are looked up once, not in each child of tcpserve; NOW= for a linker that cannot
NOW = -Wl,-z,now

examples/echod examples/tcpserve: $(DAEMON) examples/daemon.h examples/logline.h
	$(SAYCC$(V)) $(COMPILE) -I. $(NOW) $(LDFLAGS) -o $@ $@.c $(DAEMON) libsocket.a $(LDLIBS)

examples/echod: examples/echod.c
examples/tcpserve: examples/tcpserve.c

examples/race: examples/race.c
examples/tcpconnect: examples/tcpconnect.c
examples/race examples/tcpconnect: examples/lookup.c examples/lookup.h
	$(SAYCC$(V)) $(COMPILE) -I. $(LDFLAGS) -o $@ $@.c examples/lookup.c libsocket.a $(LDLIBS)


# Tests, see test/README: programs of cases, and scripts that print the same lines

TESTS = \
 test/bind test/candidate test/connect test/connected \
 test/connector_faults test/connector_hosts test/connector_kernel test/connector_model test/connector_network test/connector_rules \
 test/connector_soak test/connector_threads \
 test/create test/datagram test/example_draw test/example_logline test/example_lookup \
 test/fastopen test/fastopen_listener test/fastopen_signals \
 test/faults test/interface test/metrics test/multicast test/names test/serve test/signals test/text test/timeouts

SCRIPTS = \
 test/demo.sh test/example_echod.sh test/example_faults.sh test/example_lookup.sh test/example_race.sh \
 test/example_tcpconnect.sh test/example_tcpserve.sh test/faulted.sh test/link.sh test/pages.sh

# what they run
PROPS = test/deadends test/wan

ENV = CC='$(CC)' COMPILE='$(COMPILE) $(LDFLAGS)' LINK='libsocket.a $(LDLIBS)' TESTS='$(TESTS)'

test check: $(TESTS) $(EXAMPLES) $(PROPS)
	@$(ENV) test/run.sh $(TESTS) $(SCRIPTS)

$(TESTS) $(PROPS): $(LIBRARY) test/test.h
test/fastopen test/fastopen_listener test/fastopen_signals: test/fastopen.h
test/fastopen test/fastopen_listener test/fastopen_signals test/metrics: test/slow.h test/tun.h
test/connector_network: test/tun.h test/wan
test/connector_soak: test/race.h test/syscalls.h test/tun.h test/wan
test/wan: test/tun.h
test/connect test/connected test/connector_hosts test/connector_kernel test/connector_threads test/signals: test/loopback.h
test/create test/datagram test/interface test/names test/serve test/text: test/address.h
test/connected test/connector_kernel test/create test/fastopen test/metrics test/signals test/timeouts: test/syscalls.h
test/connector_kernel: test/race.h
test/faults test/connector_faults: test/address.h test/faults.h test/race.h test/syscalls.h
test/connector_model: test/connector_model.h test/primitives.h test/race.h test/syscalls.h
test/connector_rules: test/primitives.h test/race.h test/syscalls.h
test/example_draw: test/example_draw.c examples/race.c examples/lookup.c examples/lookup.h
	$(SAYCC$(V)) $(COMPILE) -I. $(LDFLAGS) -o $@ $@.c examples/lookup.c libsocket.a $(LDLIBS)
test/example_logline: examples/logline.c examples/logline.h
test/example_lookup: test/loopback.h examples/lookup.c examples/lookup.h

# what a developer runs, test/dev/NAME.sh; matrix takes names as ARGS=
ARGS =
CHECKS = cover interop libowfat lint matrix mutate package

$(CHECKS):
	@$(ENV) test/dev/$@.sh $(ARGS)

interop: $(EXAMPLES)
libowfat package: libsocket.a
mutate: test/wan

# make test on other kernels, of the suites or versions that test/dev/kernel.sh knows
KERNELS = bookworm trixie sid
kernels:
	@failed= ; for kernel in $(KERNELS) ; do test/dev/kernel.sh $$kernel || failed="$$failed $$kernel" ; done ; \
	  test -z "$$failed" || { echo "failed on:$$failed" ; exit 1 ; }

# make test with the compilers and the skalibs of other suites
SUITES = trixie sid
suites:
	@$(ENV) DEPS='$(DEPS)' test/dev/suites.sh $(SUITES)

# the connector's rules over all small races, with larger bounds
explore: test/connector_rules
	test/connector_rules full

# random races with faults, signals and limits; SEED= repeats those of another run
SECONDS = 300
SEED =
soak: test/connector_soak
	test/connector_soak $(SECONDS) $(SEED)


# Measurements

BENCHES = test/bench_echod

TABLES = \
 test/bench/model.sh \
 'test/bench/network.sh connect' \
 'test/bench/network.sh fastopen' \
 test/bench/cost.sh \
 test/bench/items.sh \
 test/bench/throughput.sh \
 test/bench/size.sh \
 test/bench/scale.sh \
 'test/connector_network -t' \
 $(BENCHES)

bench: $(BENCHES) examples/tcpconnect test/connector_network test/wan
	@$(ENV) PACKAGES='$(DEPS) $(DEPS_BENCH)' test/bench/run.sh $(TABLES)

$(BENCHES): $(LIBRARY) test/test.h
test/bench_echod: examples/echod examples/tcpserve


# The pages for a browser, from html/index.html on

html:
	rm -rf html
	man/html.sh html $(VERSION)


# Debian's packages: what make test needs beside a compiler, and what the others need

DEPS = skalibs-dev mandoc iproute2
DEPS_DEV = \
 bmake clang clang-tidy clang-tools codespell cppcheck g++ \
 gcc-i686-linux-gnu libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
 musl-tools shellcheck tcc valgrind
DEPS_INTEROP = netbase nginx-light redis-server ucspi-proxy ucspi-tcp
DEPS_LIBOWFAT = dpkg-dev g++ libowfat-dev
DEPS_PACKAGE = debootstrap
DEPS_BENCH = \
 curl golang-go libcurl4-openssl-dev libevent-dev libglib2.0-dev libowfat-dev libuv1-dev musl-tools ncat nodejs \
 pkg-config python3 python3-trio socat strace ucspi-tcp valgrind

deps:
	@./.ci/install $(DEPS)

deps-dev: deps
	@./.ci/install $(DEPS_DEV) && ./.ci/skalibs

deps-interop: deps
	@./.ci/install $(DEPS_INTEROP)

deps-libowfat: deps
	@./.ci/install $(DEPS_LIBOWFAT)

deps-package: deps
	@./.ci/install $(DEPS_PACKAGE)

deps-bench: deps
	@./.ci/install $(DEPS_BENCH)

# make -j deps all: nothing is used before it is installed. The first is GNU make's list of what is asked for, the second bmake's.
$(OBJECTS) $(CHECKS): $(filter deps%,$(MAKECMDGOALS)) ${.TARGETS:Mdeps*}


# Installation

install: libsocket.a
	umask 022 && mkdir -p "$(DESTDIR)$(includedir)/libsocket" "$(DESTDIR)$(libdir)" "$(DESTDIR)$(pkgconfdir)" "$(DESTDIR)$(mandir)/man3"
	install -m 644 socket.h socket_connector.h "$(DESTDIR)$(includedir)/libsocket"
	install -m 644 libsocket.a "$(DESTDIR)$(libdir)"
	install -m 644 man/*.3 "$(DESTDIR)$(mandir)/man3"
	umask 022 && rm -f "$(DESTDIR)$(pkgconfdir)/libsocket.pc" && { \
	  under () { case $$1 in '$(prefix)'/*) echo "\$${prefix}$${1#'$(prefix)'}" ;; *) echo "$$1" ;; esac ; } ; \
	  echo 'prefix=$(prefix)' ; \
	  echo "includedir=$$(under '$(includedir)')" ; \
	  echo "libdir=$$(under '$(libdir)')" ; \
	  echo ; \
	  echo 'Name: libsocket' ; \
	  echo 'Description: minimalist TCP sockets, fast open, and a multi-address connector' ; \
	  test -z '$(URL)' || echo 'URL: $(URL)' ; \
	  echo 'Version: $(VERSION)' ; \
	  echo 'License: ISC' ; \
	  echo 'Cflags: -I"$${includedir}/libsocket"' ; \
	  echo 'Libs: -L"$${libdir}" -lsocket $(LDLIBS)' ; } > "$(DESTDIR)$(pkgconfdir)/libsocket.pc"

install-html: html
	umask 022 && mkdir -p "$(DESTDIR)$(docdir)/html"
	install -m 644 html/* "$(DESTDIR)$(docdir)/html"

install-examples: $(EXAMPLES)
	umask 022 && mkdir -p "$(DESTDIR)$(bindir)" "$(DESTDIR)$(mandir)/man1"
	install $(EXAMPLES) "$(DESTDIR)$(bindir)"
	install -m 644 $(EXAMPLES:examples/%=man/%.1) "$(DESTDIR)$(mandir)/man1"

uninstall:
	cd man && for page in *.3 ; do rm -f "$(DESTDIR)$(mandir)/man3/$$page" || exit ; done
	rm -f "$(DESTDIR)$(pkgconfdir)/libsocket.pc" "$(DESTDIR)$(libdir)/libsocket.a"
	for header in socket.h socket_connector.h ; do rm -f "$(DESTDIR)$(includedir)/libsocket/$$header" || exit ; done
	rmdir "$(DESTDIR)$(includedir)/libsocket" 2> /dev/null || :

uninstall-examples:
	for program in $(EXAMPLES) ; do \
	  rm -f "$(DESTDIR)$(bindir)/$${program#*/}" "$(DESTDIR)$(mandir)/man1/$${program#*/}.1" || exit ; done

uninstall-html:
	cd man && for page in index *.[13] ; do rm -f "$(DESTDIR)$(docdir)/html/$$page.html" || exit ; done
	rm -f "$(DESTDIR)$(docdir)/html/style.css"
	rmdir "$(DESTDIR)$(docdir)/html" "$(DESTDIR)$(docdir)" 2> /dev/null || :

dist:
	git -c tar.umask=022 archive --prefix=libsocket-$(VERSION)/ -o libsocket-$(VERSION).tar HEAD
	gzip -9nf libsocket-$(VERSION).tar

clean:
	rm -f libsocket.a libsocket-$(VERSION).tar.gz $(OBJECTS) $(EXAMPLES) $(TESTS) $(PROPS) $(BENCHES)
	rm -rf html

.PHONY: all bench check clean demo deps deps-bench deps-dev deps-interop deps-libowfat deps-package dist examples explore html \
 install install-examples install-html kernels soak suites test uninstall uninstall-examples uninstall-html $(CHECKS)
