/* How many orders of each kind a month brings a county of 350,000 customers. From the figures of the five reports where they have one, scaled by
 * customers: "station" is the one with 13,700 customers (× 25.5). "R" marks what they do not say: from general knowledge, unconfirmed.
 * Orders that come of others (works, hazards of a visit) come besides. */
#include "sim/month.h"

const MonthRate MONTH_RATES[] = {
    {"fault_repair", 6300, true, "4.85 h a customer a year: 141,000 customer-hours a month, 2 h each (R), one in 25 calls (R): 2,800; one household alone, 1 in 100 (R): 3,500"},
    {"hall_matter", 3320, false, "130 enquiries a month in the station's hall"},
    {"enquiry", 4000, true, "as many by telephone and online, a fifth more (R)"},
    {"complaint", 7, true, "8 at the station since 2014, in 30 months"},
    {"report", 6, true, "R: about as many as complaints"},
    {"opinion", 245, false, "128 opinions of 6,100 questionnaires; all customers visited in 30 months: 11,700 visits a month"},
    {"suggestion", 20, false, "R: opinion boxes and online voting"},
    {"praise", 60, true, "R"},
    {"visit_finding", 3730, false, "1,950 fixes on the spot of 6,100 households visited; 11,700 visits a month"},
    {"application_resident", 875, false, "R: 3 % new customers a year"},
    {"application_low_voltage", 146, false, "R: 0.5 % a year"},
    {"application_high_voltage", 12, false, "R: 160 feeders, about one a year on each"},
    {"application_high_voltage_dual", 1, false, "R"},
    {"temporary_supply", 120, false, "1,400 households curing tobacco and building sites, over the year"},
    {"house_transfer", 583, false, "R: 2 % of homes sold a year"},
    {"transformer_handover", 3, false, "R: 1,400 private transformers, 2 to 3 % a year"},
    {"meter_test", 45, false, "R"},
    {"reading_dispute", 90, true, "R"},
    {"reconnection", 1050, true, "99.86 % reconnected in time; R: 0.3 % of customers a month disconnected"},
    {"damage_survey", 60, true, "R: voltage events, 1 % of the fault calls"},
    {"hazard", 225, false, "2,000 places and 700 trees a year"},
    {"protection_test", 2160, false, "three levels, each area once a month: 3,600 transformers, 60 % public"},
    {"important_inspection", 50, false, "R: 150 important customers, each quarter"},
    {"vulnerable_care", 292, false, "R: 1 % of customers, once a year"},
    {"low_voltage", 40, false, "58 areas and 97 projects approved, over four months"},
    {"area_trouble", 60, true, "157 areas of fish farms in one group (R: one in three a month)"},
    {"secured_supply", 6, false, "seasons and events; patrols of 3 months"},
    {"special_task", 10, false, "R: moves, drought, harvest"},
    {"works", 15, false, "R: besides those other orders call for"},
    {NULL, 0, false, NULL},
};
