# mailwalk. `make run` and `make test` set up the machine first; `make` only builds.
#
#   make            build/mailwalk
#   make run        set up, build, run the first lesson
#   make test       set up, build, run every test
#   make install PREFIX=/usr/local [DESTDIR=]
#   make format     clang-format decides layout
#   CC=clang B=build-clang make     another compiler, another folder
#   SAN=1 B=build-san make test     address and undefined-behaviour sanitizers

CC      ?= gcc
B       ?= build
PREFIX  ?= /usr/local
ROOMS   := sim/core sim/net protocols/wire protocols/smtp protocols/pop3 protocols/imap protocols/dns protocols/sasl \
           protocols/tls protocols/auth sim/hosts sim/export sim/gateway scenarios/load ui

WARN    := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
CFLAGS  ?= -O2 -g
BASE    := -std=c11 -D_POSIX_C_SOURCE=200809L -I. -I$(B)/gen $(WARN) -fno-strict-aliasing
ifdef SAN
CFLAGS  := -O1 -g -fno-omit-frame-pointer
BASE    += -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
endif
LIBS    := -lpcap -lcjson -lncursesw -ltinfo -lssl -lcrypto -lm

src      = $(foreach r,$(1),$(wildcard $(r)/*.c))
obj      = $(patsubst %.c,$(B)/%.o,$(call src,$(1)))
PROTO_O := $(call obj,$(filter protocols/%,$(ROOMS)))
SIM_O   := $(call obj,$(filter-out protocols/%,$(ROOMS)))
TESTS   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/*/test_*.c))

all: $(B)/mailwalk

include mk/rules.mk

.PHONY: all
