# mailwalk. `make run` and `make test` set up the machine first; `make` only builds.
#
#   make            build/mailwalk
#   make run        set up, build, open the lessons; without a terminal, tell the first one
#   make test       set up, build, run every test
#   make install    PREFIX=/usr/local [DESTDIR=]: binary, man page, docs
#   make format     clang-format decides layout
#   make CC=clang B=build-clang       another compiler, another folder
#   make SAN=1 B=build-san check      address and undefined-behaviour sanitizers
#   make fuzz SECONDS=60              every fuzz target for so long, in build-fuzz (needs clang)

ifeq ($(origin CC),default)
CC      := gcc
endif
AR      ?= ar
B       ?= build
PREFIX  ?= /usr/local
VERSION := 0.1.0

PROTO_ROOMS := protocols/wire protocols/smtp protocols/pop3 protocols/imap protocols/dns protocols/sasl protocols/tls \
               protocols/auth
SIM_ROOMS   := sim/core sim/bench sim/net sim/hosts sim/export sim/gateway
TOP_ROOMS   := scenarios/load ui ui/tape ui/screen

WARN    := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
OPT     ?= -O2 -g
BASE    := -std=c11 -D_POSIX_C_SOURCE=200809L -DMAILWALK_VERSION='"$(VERSION)"' -I. $(WARN) -fno-strict-aliasing -MMD -MP
ifdef SAN
OPT     := -O1 -g -fno-omit-frame-pointer
BASE    += -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
endif
ifdef FUZZ
OPT     := -O1 -g -fno-omit-frame-pointer
BASE    += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=fuzzer,address,undefined
endif
LIBS       := -lpcap -lcjson -lssl -lcrypto -lncursesw -lm
CHECK_LIBS := -lcheck -lsubunit -lrt -lpthread

objects = $(patsubst %.c,$(B)/%.o,$(foreach r,$(1),$(wildcard $(r)/*.c)))
PROTO_O := $(call objects,$(PROTO_ROOMS))
SIM_O   := $(call objects,$(SIM_ROOMS))
TOP_O   := $(call objects,$(TOP_ROOMS)) $(B)/gen/catalogue.o
ARCHIVES := $(B)/libtop.a $(B)/libsim.a $(B)/libprotocols.a

# Tests of protocols link without sim/: that is the include rule, enforced by the linker.
PROTO_T := $(patsubst %.c,$(B)/%,$(wildcard $(patsubst protocols/%,tests/%/test_*.c,$(PROTO_ROOMS))))
OTHER_T := $(filter-out $(PROTO_T),$(patsubst %.c,$(B)/%,$(wildcard tests/*/test_*.c)))
FUZZ_T  := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
SCRIPTS := $(sort $(wildcard tests/*/test_*.sh))

all: $(B)/mailwalk

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"; $(CC) $(BASE) $(OPT) $(CFLAGS) -c $< -o $@

$(B)/gen/%.o: $(B)/gen/%.c
	@echo "  CC   $<"; $(CC) $(BASE) $(OPT) $(CFLAGS) -c $< -o $@

$(B)/gen/catalogue.c: scenarios/load/embed.sh $(wildcard scenarios/*.*) scenarios/ORDER
	@mkdir -p $(@D)
	@echo "  GEN  $@"; sh scenarios/load/embed.sh $@ $(filter-out %.sh,$^)

$(B)/libprotocols.a: $(PROTO_O)
$(B)/libsim.a: $(SIM_O)
$(B)/libtop.a: $(TOP_O)
$(ARCHIVES):
	@rm -f $@
	@echo "  AR   $@"; $(AR) rcs $@ $^

$(B)/mailwalk: $(B)/main.o $(ARCHIVES)
	@echo "  LINK $@"; $(CC) $(OPT) $(LDFLAGS) $^ $(LIBS) -o $@

$(PROTO_T): $(B)/%: $(B)/%.o $(B)/libprotocols.a
	@echo "  LINK $@"; $(CC) $(OPT) $(LDFLAGS) $^ $(CHECK_LIBS) -lssl -lcrypto -lm -o $@

$(OTHER_T): $(B)/%: $(B)/%.o $(ARCHIVES)
	@echo "  LINK $@"; $(CC) $(OPT) $(LDFLAGS) $^ $(CHECK_LIBS) $(LIBS) -o $@

$(FUZZ_T): $(B)/%: $(B)/%.o $(ARCHIVES)
	@echo "  LINK $@"; $(CC) $(OPT) $(LDFLAGS) $^ $(LIBS) -o $@
$(FUZZ_T:=.o): CFLAGS += -Itests/fuzz/shim

# ---- what people call ---------------------------------------------------------------------

setup:
	@sh .ci/setup.sh build
setup-test:
	@sh .ci/setup.sh build test

run: setup
	@$(MAKE) --no-print-directory all
	@if [ -t 0 ] && [ -t 1 ]; then $(B)/mailwalk play; else $(B)/mailwalk run first-message; fi

test: setup-test
	@$(MAKE) --no-print-directory check

# Builds and runs every test, without touching the machine's packages.
check: $(B)/mailwalk $(PROTO_T) $(OTHER_T)
	@sh tests/run_all.sh $(B) $(PROTO_T) $(OTHER_T) -- $(SCRIPTS)

# Parsers and engines against strangers: each target SECONDS long, one after the other.
SECONDS ?= 10
fuzz:
	@command -v clang >/dev/null || { echo "make fuzz needs clang and libFuzzer: Debian's clang, libclang-rt-14-dev"; exit 1; }
	@$(MAKE) --no-print-directory CC=clang B=$(B)-fuzz FUZZ=1 fuzz-targets
	@sh tests/fuzz/run.sh $(B)-fuzz $(SECONDS)
fuzz-targets: $(FUZZ_T)

install: $(B)/mailwalk
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/doc/mailwalk
	install -m 755 $(B)/mailwalk $(DESTDIR)$(PREFIX)/bin/mailwalk
	install -m 644 docs/mailwalk.1 $(DESTDIR)$(PREFIX)/share/man/man1/mailwalk.1
	install -m 644 README.md docs/*.md docs/*.json $(DESTDIR)$(PREFIX)/share/doc/mailwalk/

format:
	clang-format -i main.c $(foreach r,$(PROTO_ROOMS) $(SIM_ROOMS) $(TOP_ROOMS),$(wildcard $(r)/*.[ch])) \
	    $(wildcard tests/*.h tests/*/*.[ch])

clean:
	rm -rf $(B)

.PHONY: all setup setup-test run test check fuzz fuzz-targets install format clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
