# POSIX make: works with GNU make and bmake.

.POSIX:

VERSION = 0.1.0

CC = cc
AR = ar
RANLIB = ranlib
# no tables for exceptions: they are a third of the library; -g has its own for debuggers
CFLAGS = -Os -fno-asynchronous-unwind-tables
CPPFLAGS =
LDFLAGS =
LDLIBS = -lskarnet
prefix = /usr/local

# for a compiler with a libc of its own (musl-gcc): skalibs' headers, searched last
SKALIBS != echo '\#include <skalibs/tai.h>' | $(CC) -E - >/dev/null 2>&1 || echo -idirafter /usr/include/`$(CC) -dumpmachine`

COMPILE = $(CC) -std=c11 $(SKALIBS) $(CPPFLAGS) $(CFLAGS)

OBJECTS = \
 libsocket_acceptsa.o \
 libsocket_attempt.o \
 libsocket_closefail.o \
 libsocket_connectsa.o \
 libsocket_fastopensa.o \
 libsocket_finish.o \
 libsocket_get4.o \
 libsocket_get6.o \
 libsocket_new.o \
 libsocket_new6.o \
 libsocket_put4.o \
 libsocket_put6.o \
 libsocket_setflags.o \
 libsocket_setint.o \
 libsocket_timeleft.o \
 libsocket_unmap.o \
 noipv6.o \
 socket_accept4.o \
 socket_accept4_nbcoe.o \
 socket_accept6.o \
 socket_accept6_nbcoe.o \
 socket_bind4.o \
 socket_bind4_reuse.o \
 socket_bind6.o \
 socket_bind6_reuse.o \
 socket_broadcast.o \
 socket_candidate_addrinfo.o \
 socket_candidate_ip4.o \
 socket_candidate_ip6.o \
 socket_connect4.o \
 socket_connect6.o \
 socket_connectany.o \
 socket_connected.o \
 socket_connector_init.o \
 socket_connector_nextdeadline.o \
 socket_connector_prepare.o \
 socket_connector_step.o \
 socket_connector_stop.o \
 socket_connector_wait.o \
 socket_deferaccept.o \
 socket_fastopen.o \
 socket_fastopen_connect4.o \
 socket_fastopen_connect6.o \
 socket_fastopen_defer.o \
 socket_fastopen_key.o \
 socket_fastopen_queue.o \
 socket_fastopen_used.o \
 socket_getifidx.o \
 socket_getifname.o \
 socket_listen.o \
 socket_local4.o \
 socket_local6.o \
 socket_mchopcount6.o \
 socket_mcjoin4.o \
 socket_mcjoin6.o \
 socket_mcleave4.o \
 socket_mcleave6.o \
 socket_mcloop4.o \
 socket_mcloop6.o \
 socket_mcttl4.o \
 socket_quickack.o \
 socket_recv4.o \
 socket_recv6.o \
 socket_remote4.o \
 socket_remote6.o \
 socket_sctp4.o \
 socket_sctp4b.o \
 socket_sctp6.o \
 socket_sctp6b.o \
 socket_send4.o \
 socket_send4_flag.o \
 socket_send6.o \
 socket_send6_flag.o \
 socket_tcp4.o \
 socket_tcp4_nbcoe.o \
 socket_tcp4b.o \
 socket_tcp6.o \
 socket_tcp6_nbcoe.o \
 socket_tcp6b.o \
 socket_tryreservein.o \
 socket_udp4.o \
 socket_udp4b.o \
 socket_udp6.o \
 socket_udp6b.o

all: libsocket.a

.PHONY: all examples test check interop libowfat explore soak matrix lint cover mutate demo bench bench-deps deps deps-dev deps-interop deps-libowfat install install-examples uninstall dist clean

libsocket.a: $(OBJECTS)
	rm -f $@
	$(AR) rc $@ $(OBJECTS)
	$(RANLIB) $@

$(OBJECTS): internal.h socket.h socket_connector.h

.SUFFIXES:
.SUFFIXES: .c .o

.c.o:
	$(COMPILE) -c -o $@ $<


.c:
	$(COMPILE) -I. $(LDFLAGS) -o $@ $< libsocket.a $(LDLIBS)


# Examples

EXAMPLES = \
 examples/echod \
 examples/race \
 examples/tcpconnect

# those that are installed; each has a page in section 1
PROGRAMS = \
 echod \
 race \
 tcpconnect

examples: $(EXAMPLES)

demo: $(EXAMPLES) test/deadends
	@examples/demo.sh

$(EXAMPLES): libsocket.a socket.h socket_connector.h


# Tests: programs of cases, and scripts that print the same lines

TESTS = \
 test/bind \
 test/candidate \
 test/connect \
 test/connected \
 test/connector_faults \
 test/connector_kernel \
 test/connector_model \
 test/connector_network \
 test/connector_rules \
 test/connector_soak \
 test/connector_threads \
 test/create \
 test/datagram \
 test/example_draw \
 test/fastopen \
 test/fastopen_listener \
 test/fastopen_signals \
 test/faults \
 test/interface \
 test/multicast \
 test/names \
 test/serve \
 test/signals \
 test/timeouts

SCRIPTS = \
 test/demo.sh \
 test/example_echod.sh \
 test/example_faults.sh \
 test/example_race.sh \
 test/example_tcpconnect.sh \
 test/faulted.sh \
 test/link.sh \
 test/pages.sh

# what the tests run
PROPS = \
 test/deadends \
 test/wan

test: $(TESTS) $(EXAMPLES) $(PROPS)
	@COMPILE='$(COMPILE) $(LDFLAGS)' LINK='libsocket.a $(LDLIBS)' test/run.sh $(TESTS) $(SCRIPTS)

check: test

interop: $(EXAMPLES)
	@test/run.sh test/dev/interop.sh

libowfat: libsocket.a
	@COMPILE='$(COMPILE) $(LDFLAGS)' test/run.sh test/dev/libowfat.sh

# the connector's rules over all small races, with larger bounds: some minutes
explore: test/connector_rules
	test/connector_rules full

# random races with faults, signals and limits; SEED= repeats those of another run
SECONDS = 300
SEED =
soak: test/connector_soak
	test/connector_soak $(SECONDS) $(SEED)

$(TESTS): test/test.h
$(TESTS) $(PROPS): libsocket.a socket.h socket_connector.h
test/fastopen test/fastopen_listener: test/fastopen.h
test/fastopen test/fastopen_listener test/fastopen_signals: test/slow.h test/tun.h
test/connector_network: test/tun.h test/wan
test/connector_soak: test/wan
test/wan: test/test.h test/tun.h
test/connect test/connected test/connector_threads: test/loopback.h
test/faults test/connector_faults: test/syscalls.h
test/connector_model: test/connector_model.h
test/example_draw: examples/race.c


# Measurements

BENCHES = \
 test/bench_echod

TABLES = \
 'test/bench/network.sh connect' \
 'test/bench/network.sh fastopen' \
 test/bench/cost.sh \
 test/bench/throughput.sh \
 test/bench/size.sh \
 test/bench/scale.sh \
 'test/connector_network -t' \
 $(BENCHES)

bench: $(BENCHES) test/connector_network
	@CC='$(CC)' COMPILE='$(COMPILE) $(LDFLAGS)' LINK='libsocket.a $(LDLIBS)' PACKAGES='$(DEPS) $(DEPS_BENCH)' test/bench/run.sh $(TABLES)

$(BENCHES): libsocket.a socket.h socket_connector.h test/test.h
test/bench_echod: examples/echod


# Changes of the sources that no test sees: about half an hour the first time, then only what is new

mutate: test/wan
	@COMPILE='$(COMPILE) $(LDFLAGS)' LIBS='$(LDLIBS)' test/dev/mutate.sh $(TESTS)


# Packages: what the library and its tests need beside a compiler; what the developers' targets need; what test/dev/interop.sh, test/dev/libowfat.sh, and test/bench need

DEPS = skalibs-dev mandoc iproute2
DEPS_DEV = \
 bmake clang clang-tidy clang-tools codespell cppcheck g++ \
 gcc-i686-linux-gnu libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
 musl-tools shellcheck tcc valgrind
DEPS_INTEROP = netbase nginx-light redis-server ucspi-proxy ucspi-tcp
DEPS_LIBOWFAT = dpkg-dev g++ libowfat-dev
DEPS_BENCH = \
 golang-go libcurl4-openssl-dev libevent-dev libglib2.0-dev libowfat-dev libuv1-dev musl-tools ncat nodejs \
 pkg-config python3 python3-trio socat strace valgrind

deps:
	@./.ci/install $(DEPS)

deps-dev:
	@./.ci/install $(DEPS) $(DEPS_DEV)
	@./.ci/skalibs

deps-interop:
	@./.ci/install $(DEPS) $(DEPS_INTEROP)

deps-libowfat:
	@./.ci/install $(DEPS) $(DEPS_LIBOWFAT)

bench-deps:
	@./.ci/install $(DEPS) $(DEPS_BENCH)

matrix:
	@TESTS='$(TESTS)' test/dev/matrix.sh

lint:
	@TESTS='$(TESTS)' test/dev/lint.sh

cover:
	@TESTS='$(TESTS)' test/dev/cover.sh


# Installation

TO = "$(DESTDIR)$(prefix)"

install: libsocket.a
	umask 022 && mkdir -p $(TO)/include/libsocket $(TO)/lib/pkgconfig $(TO)/share/man/man3
	cp socket.h socket_connector.h $(TO)/include/libsocket/
	cp libsocket.a $(TO)/lib/libsocket.a
	cp man/*.3 $(TO)/share/man/man3/
	{ echo 'Name: libsocket' ; \
	  echo 'Description: minimalist TCP sockets, fast open, and a multi-address connector' ; \
	  echo 'Version: $(VERSION)' ; \
	  echo 'Cflags: -I$(prefix)/include/libsocket' ; \
	  echo 'Libs: -L$(prefix)/lib -lsocket $(LDLIBS)' ; } > $(TO)/lib/pkgconfig/libsocket.pc
	chmod 644 $(TO)/include/libsocket/socket.h $(TO)/include/libsocket/socket_connector.h $(TO)/lib/libsocket.a $(TO)/lib/pkgconfig/libsocket.pc
	for page in man/*.3 ; do chmod 644 $(TO)/share/man/man3/$${page#man/} || exit ; done

install-examples: $(EXAMPLES)
	umask 022 && mkdir -p $(TO)/bin $(TO)/share/man/man1
	for program in $(PROGRAMS) ; do \
	  cp -f examples/$$program $(TO)/bin/$$program && cp man/$$program.1 $(TO)/share/man/man1/$$program.1 && \
	  chmod 755 $(TO)/bin/$$program && chmod 644 $(TO)/share/man/man1/$$program.1 || exit ; done

uninstall:
	rm -f $(TO)/include/libsocket/socket.h $(TO)/include/libsocket/socket_connector.h $(TO)/lib/libsocket.a $(TO)/lib/pkgconfig/libsocket.pc
	for page in man/*.3 ; do rm -f $(TO)/share/man/man3/$${page#man/} ; done
	for program in $(PROGRAMS) ; do rm -f $(TO)/bin/$$program $(TO)/share/man/man1/$$program.1 ; done
	-rmdir $(TO)/include/libsocket

dist:
	git archive --prefix=libsocket-$(VERSION)/ -o libsocket-$(VERSION).tar.gz HEAD

clean:
	rm -f libsocket.a libsocket-$(VERSION).tar.gz $(OBJECTS) $(EXAMPLES) $(TESTS) $(PROPS) $(BENCHES)
