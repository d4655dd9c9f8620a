#ifndef SCENARIOS_LOAD_REFERENCE_H
#define SCENARIOS_LOAD_REFERENCE_H
/*
 * reference - the tables of fields.h, for people and for editors.
 *
 *   reference_keys    the tables of docs/SCENARIOS.md: a heading and a table for each object
 *   reference_schema  docs/scenario.schema.json (JSON Schema 2020-12)
 *
 * tests/scenarios/test_reference.c compares both files with what these write, octet by octet; with
 * MAILWALK_WRITE_DOCS=1 in the environment it writes them instead.
 */
#include <stdio.h>

void reference_keys(FILE *to);
void reference_schema(FILE *to);
#endif
