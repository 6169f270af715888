/* A CIM file of so many objects, made up as it is read, into a package: cim_bench [OBJECTS]. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buffer.h"
#include "base/time.h"
#include "interop/cim.h"

/* A feeder of spans; on every one a transformer and a consumer: 10 objects a span, every 500th goes back to the bar. */
typedef struct Made {
  Buffer text;
  size_t at, bytes;
  int span, spans;
} Made;

static void terminal(Made *m, const char *of, int i, int side, int node) {
  buffer_format(&m->text,
                "  <cim:Terminal rdf:ID=\"_%s%d-%d\">\n    <cim:Terminal.ConductingEquipment rdf:resource=\"#_%s%d\"/>\n"
                "    <cim:Terminal.ConnectivityNode rdf:resource=\"#_n%d\"/>\n  </cim:Terminal>\n", of, i, side, of, i, node);
}

static void make_span(Made *m) {
  int i = m->span++, from = i % 500 ? 2 * (i - 1) + 1 : 0, to = 2 * i + 1, low = 2 * i + 2;
  if (i == 0) {
    buffer_string(&m->text, "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:cim=\"http://iec.ch/TC57/CIM100#\">\n"
                            "  <cim:ConnectivityNode rdf:ID=\"_n0\"/>\n  <cim:EnergySource rdf:ID=\"_s0\"/>\n");
    terminal(m, "s", 0, 1, 0);
  }
  buffer_format(&m->text, "  <cim:ConnectivityNode rdf:ID=\"_n%d\"/>\n  <cim:ConnectivityNode rdf:ID=\"_n%d\"/>\n"
                          "  <cim:ACLineSegment rdf:ID=\"_l%d\">\n    <cim:IdentifiedObject.name>span %d</cim:IdentifiedObject.name>\n    <cim:Conductor.length>50</cim:Conductor.length>\n  </cim:ACLineSegment>\n"
                          "  <cim:PowerTransformer rdf:ID=\"_t%d\">\n    <cim:IdentifiedObject.name>transformer %d</cim:IdentifiedObject.name>\n  </cim:PowerTransformer>\n"
                          "  <cim:EnergyConsumer rdf:ID=\"_c%d\">\n    <cim:EnergyConsumer.p>1200</cim:EnergyConsumer.p>\n  </cim:EnergyConsumer>\n", to, low, i, i, i, i, i);
  terminal(m, "l", i, 1, from), terminal(m, "l", i, 2, to), terminal(m, "t", i, 1, to), terminal(m, "t", i, 2, low), terminal(m, "c", i, 1, low);
  if (m->span == m->spans) buffer_string(&m->text, "</rdf:RDF>\n");
}

static bool read_made(void *self, char *out, size_t room, size_t *got, Error *error) {
  Made *m = self;
  (void)error;
  if (m->at == m->text.len) {
    buffer_clear(&m->text);
    m->at = 0;
    while (m->span < m->spans && m->text.len < room) make_span(m);
  }
  *got = m->text.len - m->at < room ? m->text.len - m->at : room;
  if (*got) memcpy(out, m->text.at + m->at, *got);
  m->at += *got, m->bytes += *got;
  return true;
}

int main(int count, char **arguments) {
  Made made = {.spans = (count > 1 ? atoi(arguments[1]) : 100000) / 10};
  Package p;
  Error error = {0};
  char text[ERROR_TEXT_MAX];
  struct rusage usage;
  if (made.spans < 1) return fprintf(stderr, "cim_bench [OBJECTS]\n"), 2;
  buffer_begin(&made.text, 0);
  int64_t began = time_monotonic_us();
  bool ok = cim_read_stream(&p, "made.xml", read_made, &made, NULL, NULL, NULL, &error);
  double seconds = (double)(time_monotonic_us() - began) / 1e6;
  buffer_end(&made.text);
  if (!ok) return fprintf(stderr, "cim_bench: %s\n", error_text(&error, LANGUAGE_EN, text, sizeof text)), 1;
  getrusage(RUSAGE_SELF, &usage);
  printf("%d objects, %.1f MB: %zu devices, %zu customers in %.2f s, %.0f MB/s, at most %ld MB held\n", made.spans * 10, (double)made.bytes / 1e6, p.device_count,
         p.customer_count, seconds, (double)made.bytes / 1e6 / seconds, usage.ru_maxrss / 1024);
  package_end(&p);
  return 0;
}
