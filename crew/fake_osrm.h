/* For tests: a little OSRM server in this process, which answers as each test tells it to. */
#ifndef CREW_FAKE_OSRM_H
#define CREW_FAKE_OSRM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAKE_OSRM_POINTS = 40 };

typedef enum Mood { MOOD_SOUND, MOOD_NULLS, MOOD_FAIL_ONCE, MOOD_FAIL, MOOD_REFUSE, MOOD_SLOW, MOOD_GARBAGE, MOOD_SHORT_TABLE, MOOD_NEGATIVE, MOOD_ENDLESS,
                    MOOD_CLOSE } Mood;

typedef struct Server {
  int socket;
  uint16_t port;
  pthread_t thread;
  _Atomic int mood, table_most, requests, largest;
  _Atomic bool stop;
} Server;

/* Seconds the server says: by place alone, so that a table can be checked, and never what the speeds would say. */
double fake_osrm_truth(double lon_a, double lat_a, double lon_b, double lat_b);
void fake_osrm_open(Server *server, Mood mood);
void fake_osrm_close(Server *server);

#endif
