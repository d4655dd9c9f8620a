/* Classic pcap through libpcap. Its headers use the BSD names u_char and u_int, which a strictly POSIX
 * <sys/types.h> leaves out. */
#define _DEFAULT_SOURCE
#include "sim/export/pcap.h"

#include <errno.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#define NS_PER_S    UINT64_C(1000000000)
#define BUFFER_SIZE 65536 /* octets: a write for some hundred frames */

struct export_pcap {
    FILE *file;
    pcap_t *dead;          /* owned: says link type and precision */
    pcap_dumper_t *dumper; /* owned: libpcap's view of file */
    int64_t epoch_s;
    bool live;
    int error;
    char buffer[BUFFER_SIZE]; /* the file's; it must outlive the file */
};

static void pcap_sink_open(void *ctx, const struct trace_opening *opening)
{
    struct export_pcap *p = ctx;
    p->epoch_s = opening->epoch_s;
}

/* libpcap reports no failed write of a packet, but it writes to our file, which remembers; errno is still
 * that of the write. */
static void check(struct export_pcap *p)
{
    if (p->error == 0 && ferror(p->file))
        p->error = errno ? errno : EIO;
}

static void pcap_sink_record(void *ctx, const struct trace_record *r)
{
    struct export_pcap *p = ctx;
    struct pcap_pkthdr header;

    if (r->kind != TRACE_KIND_SENT || p->error != 0)
        return;
    header.ts.tv_sec = (time_t)(p->epoch_s + (int64_t)(r->t_ns / NS_PER_S));
    header.ts.tv_usec = (suseconds_t)(r->t_ns % NS_PER_S); /* nanoseconds, as the magic says */
    header.caplen = header.len = (bpf_u_int32)r->nbytes;
    pcap_dump((u_char *)p->dumper, &header, r->bytes);
    if (p->live)
        fflush(p->file);
    check(p);
}

static void close_file(FILE *file)
{
    if (file != stdout)
        fclose(file);
}

struct export_pcap *export_pcap_open(FILE *file, bool live, int *error)
{
    struct export_pcap *p = malloc(sizeof *p);

    *error = ENOMEM;
    if (!p) {
        close_file(file);
        return NULL;
    }
    p->file = file;
    p->epoch_s = 0;
    p->live = live;
    p->error = 0;
    p->dumper = NULL;
    /* Standard output outlives this object, and a memory stream has its own buffer. */
    if (file != stdout && fileno(file) >= 0)
        setvbuf(file, p->buffer, _IOFBF, sizeof p->buffer);
    p->dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, EXPORT_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    if (p->dead) {
        errno = 0;
        p->dumper = pcap_dump_fopen(p->dead, file);
        if (!p->dumper)
            *error = errno ? errno : EIO;
    }
    if (!p->dumper) {
        close_file(file);
        if (p->dead)
            pcap_close(p->dead);
        free(p);
        return NULL;
    }
    *error = 0;
    return p;
}

struct trace_sink export_pcap_sink(struct export_pcap *p)
{
    return (struct trace_sink){
        .levels = TRACE_TAP, .ctx = p, .open = pcap_sink_open, .record = pcap_sink_record
    };
}

int export_pcap_close(struct export_pcap *p)
{
    int error;

    if (pcap_dump_flush(p->dumper) != 0 && p->error == 0)
        p->error = errno ? errno : EIO;
    check(p);
    if (p->file != stdout)
        pcap_dump_close(p->dumper); /* closes the file too */
    pcap_close(p->dead);
    error = p->error;
    free(p);
    return error;
}
