#include "interop/cim.h"

#include "base/buffer.h"
#include "base/testing.h"
#include "interop/form.h"

static bool read_text(void *self, char *out, size_t room, size_t *got, Error *error) {
  (void)error;
  Text *text = self;
  *got = text->len < room ? text->len : room;
  if (*got) memcpy(out, text->at, *got);
  *text = text_slice(*text, *got, text->len);
  return true;
}

static const PackageDevice *device(const Package *p, const char *code) {
  for (size_t i = 0; i < p->device_count; i++)
    if (text_is(p->devices[i].code, code)) return &p->devices[i];
  fail_msg("%s is not there", code);
  return NULL;
}

static void a_small_network_becomes_a_tree(void **state) {
  (void)state;
  static const struct { const char *code, *parent; int kind, phases; } ROWS[] = {
      {"src", NULL, 0, 7}, {"bar", "src", 1, 7}, {"b1", "bar", 2, 7}, {"l1", "b1", 6, 7}, {"tr", "l1", 7, 7}, {"f1", "bar", 5, 7},
  };
  Error error = {0};
  Package p;
  assert_ok(form_read(&p, "fuzz/corpus/cim/small.xml", NULL, NULL, NULL, &error), &error);
  assert_int_equal(p.device_count, sizeof ROWS / sizeof *ROWS); /* f1 and f2 are one bank */
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    const PackageDevice *d = device(&p, ROWS[i].code);
    if (ROWS[i].parent) assert_true(d->parent != PACKAGE_NONE && text_is(p.devices[d->parent].code, ROWS[i].parent));
    else assert_true(d->parent == PACKAGE_NONE);
    assert_int_equal(d->kind, ROWS[i].kind);
    assert_int_equal(d->phases, ROWS[i].phases);
  }
  const PackageDevice *l1 = device(&p, "l1");
  assert_true(l1->length_m == 120.5f && l1->lon_e6 == 117250000 && l1->lat_e6 == 31500000 && text_is(l1->conductor, "ACSR 35"));
  assert_true(device(&p, "tr")->rated_kva == 100.f && text_is(device(&p, "src")->name, "East & West"));
  assert_int_equal(p.tie_count, 1);
  assert_true(text_is(p.devices[p.ties[0].a].code, "l1") && text_is(p.devices[p.ties[0].b].code, "f1"));
  assert_int_equal(p.customer_count, 2);
  for (size_t i = 0; i < 2; i++) {
    const PackageCustomer *c = &p.customers[i];
    bool first = text_is(p.devices[c->device].code, "tr");
    assert_true(text_is(c->number, first ? "1001" : "c2") && text_is(c->meter, first ? "M-1" : "") && c->phases == (first ? 2 : 7));
  }
  package_end(&p);
}

#define RDF "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:cim=\"http://iec.ch/TC57/2013/CIM-schema-cim16#\">\n"
#define T(id, of, at) "<cim:Terminal rdf:ID=\"" id "\"><cim:Terminal.ConductingEquipment rdf:resource=\"#" of "\"/><cim:Terminal.ConnectivityNode rdf:resource=\"#" at "\"/></cim:Terminal>\n"
#define N(id) "<cim:ConnectivityNode rdf:ID=\"" id "\"/>\n"
#define SOURCE "<cim:EnergySource rdf:ID=\"s\"/>" T("ts", "s", "n1") N("n1") N("n2")
#define OPENING(value) "<cim:Fuse rdf:ID=\"f\"><cim:Switch.normalOpen>" value "</cim:Switch.normalOpen></cim:Fuse>"

static void bad_files_say_what_and_where(void **state) {
  (void)state;
  static const struct { const char *text, *says; } ROWS[] = {
      {"", "f.xml:1:1: not a sound CIM file"},
      {"<a/>", "f.xml: not a sound CIM file: the outermost element must be rdf:RDF"},
      {RDF "<cim:Fuse>", "f.xml:2"},
      {"<!DOCTYPE a [<!ENTITY b 'c'>]>" RDF "</rdf:RDF>", "f.xml: not a sound CIM file: a document type is not taken here"},
      {RDF "</rdf:RDF>", "there is no EnergySource"},
      {RDF "\n<cim:Fuse/></rdf:RDF>", "f.xml:3: field 'rdf:ID' is missing"},
      {RDF SOURCE "\n<cim:Fuse rdf:ID=\"s\"/></rdf:RDF>", "rdf:ID 's' stands already in line 2"},
      {RDF SOURCE OPENING("maybe") "</rdf:RDF>", "field 'Switch.normalOpen' cannot be 'maybe': must be true or false"},
      {RDF SOURCE "<cim:ACLineSegment rdf:ID=\"l\"><cim:Conductor.length>far</cim:Conductor.length></cim:ACLineSegment></rdf:RDF>", "field 'Conductor.length' cannot be 'far'"},
      {RDF SOURCE OPENING("false") T("t1", "f", "n1") "</rdf:RDF>", "'f' has 1 terminals at connectivity nodes, it needs 2"},
      {RDF SOURCE OPENING("false") T("t1", "f", "n1") T("t2", "f", "n9") "</rdf:RDF>", "(t2): Terminal.ConnectivityNode 'n9' is not in f.xml"},
      {RDF SOURCE T("t1", "ghost", "n1") "</rdf:RDF>", "Terminal.ConductingEquipment 'ghost' is not in f.xml"},
      {RDF SOURCE OPENING("false") T("t1", "f", "n1") T("t2", "f", "n2") "<cim:Breaker rdf:ID=\"b\"/>" T("t3", "b", "n2") T("t4", "b", "n1") "</rdf:RDF>", "(b): 'b' closes a loop: its ends are fed by 's' and by 'f'"},
      {RDF SOURCE "<cim:EnergySource rdf:ID=\"s2\"/>" T("u", "s2", "n1") "</rdf:RDF>", "'s2' closes a loop"},
  };
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    Text text = text_of(ROWS[i].text);
    Error error = {0};
    Package p;
    PackageProblems problems;
    char said[ERROR_TEXT_MAX];
    assert_false(cim_read_stream(&p, "f.xml", read_text, &text, &problems, NULL, NULL, &error));
    bool found = false;
    for (size_t k = 0; k < problems.listed; k++) found = found || strstr(error_text(&problems.at[k], LANGUAGE_EN, said, sizeof said), ROWS[i].says);
    if (!found && !strstr(error_text(&error, LANGUAGE_EN, said, sizeof said), ROWS[i].says)) fail_msg("row %zu: %s (%zu problems: %s)", i, said, problems.listed, problems.listed ? error_text(&problems.at[0], LANGUAGE_EN, said, sizeof said) : "");
    assert_int_equal(p.device_count, 0);
    package_problems_end(&problems);
  }
}

#define AT(what, id, more) "<cim:" what " rdf:ID=\"" id "\">" more "</cim:" what ">"
#define REF(what, to) "<cim:" what " rdf:resource=\"#" to "\"/>"
#define VALUE(what, value) "<cim:" what ">" value "</cim:" what ">"

/* Two feeders told by their heads alone, one from each side; a substation two levels up; a breaker of 400 V; an open tie by its state of the
 * moment; and a part that nothing feeds. */
static void what_companies_leave_out(void **state) {
  (void)state;
  static const char FILE[] = RDF N("n1") N("n2") N("n3") N("n4") N("n8") N("n9")
      AT("Substation", "st", VALUE("IdentifiedObject.name", "East")) AT("VoltageLevel", "lv", REF("VoltageLevel.Substation", "st") REF("VoltageLevel.BaseVoltage", "v04"))
      AT("BaseVoltage", "v04", VALUE("BaseVoltage.nominalVoltage", "400")) AT("BaseVoltage", "v10", VALUE("BaseVoltage.nominalVoltage", "10000"))
      AT("Feeder", "fa", REF("Feeder.NormalHeadTerminal", "a1") REF("Feeder.NormalEnergizingSubstation", "st")) AT("Feeder", "fb", "")
      AT("Breaker", "a", REF("ConductingEquipment.BaseVoltage", "v10")) T("a1", "a", "n1") T("a2", "a", "n2")
      AT("Breaker", "b", REF("Equipment.EquipmentContainer", "lv"))
      AT("Terminal", "b1", REF("Terminal.ConductingEquipment", "b") REF("Terminal.ConnectivityNode", "n3") REF("Terminal.NormalHeadFeeder", "fb")) T("b2", "b", "n4")
      AT("LoadBreakSwitch", "t", VALUE("Switch.open", "true")) T("t1", "t", "n2") T("t2", "t", "n4")
      AT("LoadBreakSwitch", "u", VALUE("Switch.normalOpen", "false") VALUE("Switch.open", "true")) T("u1", "u", "n8") T("u2", "u", "n9")
      AT("EnergyConsumer", "c", "") T("c1", "c", "n4") AT("EnergyConsumer", "lost", "") T("d1", "lost", "n9") "</rdf:RDF>";
  static const struct { const char *code, *parent; int kind; } ROWS[] = {{"fa", NULL, 0}, {"a", "fa", 2}, {"fb", NULL, 0}, {"b", "fb", 8}};
  Text text = text_of(FILE);
  Error error = {0};
  Package p;
  PackageProblems aside;
  char said[ERROR_TEXT_MAX];
  assert_ok(cim_read_stream(&p, "f.xml", read_text, &text, &aside, NULL, NULL, &error), &error);
  assert_int_equal(p.device_count, 4);
  for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
    const PackageDevice *d = device(&p, ROWS[i].code);
    assert_int_equal(d->kind, ROWS[i].kind);
    assert_true(ROWS[i].parent ? d->parent != PACKAGE_NONE && text_is(p.devices[d->parent].code, ROWS[i].parent) : d->parent == PACKAGE_NONE);
  }
  assert_true(p.tie_count == 1 && text_is(p.ties[0].code, "t"));
  assert_true(p.customer_count == 1 && text_is(p.customers[0].number, "c"));
  assert_true(p.org_count == 1 && text_is(p.orgs[0].name, "East") && p.orgs[0].level == PACKAGE_STATION);
  assert_true(device(&p, "fa")->org == 0 && device(&p, "b")->org == 0 && device(&p, "fb")->org == PACKAGE_NONE);
  assert_int_equal(aside.count, 1);
  assert_int_equal(aside.listed, 1);
  assert_non_null(strstr(error_text(&aside.at[0], LANGUAGE_EN, said, sizeof said), "'u' and 1 more have no path from a source"));
  package_problems_end(&aside);
  package_end(&p);
}

/* An open-delta bank whose phases its tanks alone tell, with the third phase's jumper beside it: one device. */
static void tanks_tell_the_phases(void **state) {
  (void)state;
  static const char FILE[] = RDF SOURCE AT("PowerTransformer", "p", "") T("p1", "p", "n1") T("p2", "p", "n2")
      AT("TransformerTank", "k", REF("TransformerTank.PowerTransformer", "p")) AT("TransformerTank", "m", REF("TransformerTank.PowerTransformer", "p"))
      AT("TransformerTankEnd", "ke", REF("TransformerTankEnd.TransformerTank", "k") VALUE("TransformerTankEnd.phases", "AB"))
      AT("TransformerTankEnd", "me", REF("TransformerTankEnd.TransformerTank", "m") REF("TransformerTankEnd.orderedPhases", "x#OrderedPhaseCodeKind.CB"))
      AT("ACLineSegment", "j", "") AT("ACLineSegmentPhase", "jp", REF("ACLineSegmentPhase.ACLineSegment", "j") VALUE("ACLineSegmentPhase.phase", "B"))
      T("j1", "j", "n1") T("j2", "j", "n2") "</rdf:RDF>";
  Text text = text_of(FILE);
  Error error = {0};
  Package p;
  assert_ok(cim_read_stream(&p, "f.xml", read_text, &text, NULL, NULL, NULL, &error), &error);
  assert_int_equal(p.device_count, 2);
  assert_int_equal(device(&p, "p")->phases, 7);
  package_end(&p);
}

/* A line of 100,000 lines of text: the place is still right. */
static void places_hold_in_long_files(void **state) {
  (void)state;
  Buffer b;
  Error error = {0};
  Package p;
  PackageProblems problems;
  char said[ERROR_TEXT_MAX];
  buffer_begin(&b, 0);
  buffer_string(&b, RDF SOURCE);
  for (int i = 0; i < 100000; i++) buffer_format(&b, "<cim:ConnectivityNode rdf:ID=\"x%d\"/>\n", i);
  buffer_string(&b, "<cim:ConnectivityNode rdf:ID=\"n1\"/>\n</rdf:RDF>");
  Text text = buffer_as_text(&b);
  assert_false(cim_read_stream(&p, "f.xml", read_text, &text, &problems, NULL, NULL, &error));
  assert_int_equal(problems.count, 1);
  assert_int_equal(problems.listed, 1);
  if (!strstr(error_text(&problems.at[0], LANGUAGE_EN, said, sizeof said), "f.xml:100005:")) fail_msg("%s", said);
  package_problems_end(&problems);
  buffer_end(&b);
}

TEST_MAIN(TEST(a_small_network_becomes_a_tree), TEST(bad_files_say_what_and_where), TEST(what_companies_leave_out), TEST(tanks_tell_the_phases), TEST(places_hold_in_long_files))
