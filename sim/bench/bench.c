#include "sim/bench/bench.h"

#include <stdio.h>

int bench_command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 3;
}
