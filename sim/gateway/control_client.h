#ifndef SIM_GATEWAY_CONTROL_CLIENT_H
#define SIM_GATEWAY_CONTROL_CLIENT_H
/*
 * control_client - `mailwalk ctl --socket PATH COMMAND ...`: one request to a served world from a shell.
 *
 *   words of the command line -> {"do":...} -> socket -> answer -> rows on stdout, errors on stderr
 */

/* Returns the exit status: 0 done; 1 the server has refused; 2 bad usage; 3 there is no server at the socket,
 * or it has gone. */
int control_client_run(int argc, char **argv);
#endif
