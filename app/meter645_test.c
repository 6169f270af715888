/* The simulated meter and its reader, as programs on the loopback: DIANBAOMU_PROGRAM is what is run. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "meter/dlt645.h"

static const char METER[] = "202411110002";

/* Its standard output (standard error as well, when asked for) comes out of the pipe. */
static pid_t run(int *out, bool errors, char *const words[]) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    if (errors) dup2(ends[1], STDERR_FILENO);
    close(ends[0]), close(ends[1]);
    setenv("LC_ALL", "C", 1);
    execv(words[0], words);
    _exit(127);
  }
  close(ends[1]);
  *out = ends[0];
  return child;
}

static size_t read_all(int from, char *text, size_t size, bool line) {
  size_t len = 0;
  struct pollfd ready = {.fd = from, .events = POLLIN};
  while (len + 1 < size && poll(&ready, 1, 20000) > 0) {
    ssize_t got = read(from, text + len, line ? 1 : size - 1 - len);
    if (got <= 0) break;
    len += (size_t)got;
    if (line && text[len - 1] == '\n') break;
  }
  text[len] = 0;
  return len;
}

typedef struct Served {
  pid_t pid;
  char program[4096], port[16];
} Served;

static int serve(void **state) {
  static Served served;
  char text[200];
  int out;
  const char *program = getenv("DIANBAOMU_PROGRAM");
  assert_non_null(program);
  snprintf(served.program, sizeof served.program, "%s", program);
  served.pid = run(&out, false, (char *[]){served.program, "meter645", "--serve", "0", "--address", (char *)METER, NULL});
  read_all(out, text, sizeof text, true);
  close(out);
  const char *port = strrchr(text, ':');
  assert_non_null(port);
  snprintf(served.port, sizeof served.port, "%d", atoi(port + 1));
  assert_true(atoi(served.port) > 0);
  *state = &served;
  return 0;
}

static int stop(void **state) {
  Served *served = *state;
  kill(served->pid, SIGTERM);
  waitpid(served->pid, NULL, 0);
  return 0;
}

static int reader(Served *served, const char *address, const char *item, char *text, size_t size) {
  int out, status;
  pid_t child = run(&out, true, (char *[]){served->program, "meter645", "--read", (char *)address, "--port", served->port, (char *)item, NULL});
  read_all(out, text, size, false);
  close(out);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void is_read(void **state) {
  char text[2000];
  double value;
  assert_int_equal(reader(*state, METER, NULL, text, sizeof text), 0);
  const char *volts = strstr(text, "202411110002 voltages ");
  assert_non_null(strstr(text, "202411110002 energy "));
  assert_non_null(volts);
  assert_int_equal(sscanf(volts, "202411110002 voltages %lf", &value), 1);
  assert_true(value > 200 && value < 240);
  assert_int_equal(reader(*state, "AAAAAAAAAAAA", "voltage_a", text, sizeof text), 0); /* any meter: it says its own address */
  assert_non_null(strstr(text, "202411110002 voltage_a "));
}

static void unknown_is_refused(void **state) {
  char text[2000];
  assert_int_equal(reader(*state, "202411110003", "energy", text, sizeof text), 1); /* another's address: nobody answers */
  assert_non_null(strstr(text, "202411110003"));
  assert_int_equal(reader(*state, METER, "colour", text, sizeof text), 1);
  assert_non_null(strstr(text, "colour"));
}

/* A frame that is not right gets no answer; the sound one behind it, in the same stream, does. */
static void wrong_checksum_is_passed_over(void **state) {
  const Served *served = *state;
  struct sockaddr_in at = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(served->port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  Dlt645Frame wrong, right, answer, more;
  Error error = {0};
  Buffer bytes;
  uint8_t stream[500];
  size_t held = 0, used = 0;
  int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(to, (struct sockaddr *)&at, sizeof at), 0);
  assert_ok(dlt645_read_frame(&wrong, text_of(METER), 0x00010000, &error), &error);
  assert_ok(dlt645_read_frame(&right, text_of(METER), 0x02010100, &error), &error);
  buffer_begin(&bytes, 0);
  dlt645_put(&bytes, &wrong);
  bytes.at[bytes.len - 2] ^= 1; /* the checksum */
  dlt645_put(&bytes, &right);
  assert_int_equal(send(to, bytes.at, bytes.len, MSG_NOSIGNAL), bytes.len);
  shutdown(to, SHUT_WR); /* the meter answers, then hangs up: all it said is here */
  for (struct pollfd ready = {.fd = to, .events = POLLIN}; held < sizeof stream && poll(&ready, 1, 20000) > 0;) {
    ssize_t got = recv(to, stream + held, sizeof stream - held, 0);
    if (got <= 0) break;
    held += (size_t)got;
  }
  assert_int_equal(dlt645_find(&answer, stream, held, &used, &error), DLT645_FRAME);
  assert_int_equal(answer.control, DLT645_ANSWER);
  assert_int_equal(dlt645_identifier(&answer), 0x02010100);
  assert_int_equal(dlt645_find(&more, stream + used, held - used, &used, &error), DLT645_NONE);
  buffer_end(&bytes);
  close(to);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, serve, stop)
TEST_MAIN(SERVED(is_read), SERVED(unknown_is_refused), SERVED(wrong_checksum_is_passed_over))
