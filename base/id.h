/* Keys are 64-bit, made by the program, ordered by time: 41 bits of milliseconds since 2010-01-01T00:00:00Z (until 2079),
 * 22 bits of counter. Each entity has its own type, so that an order's id cannot be passed for a customer's. 0 is none. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/time.h"

#define ID_TYPE(Name) typedef struct Name { int64_t value; } Name

ID_TYPE(CountyId);
ID_TYPE(OrgId);
ID_TYPE(StaffId);
ID_TYPE(CustomerId);
ID_TYPE(DeviceId);
ID_TYPE(OrderId);
ID_TYPE(OutageId);
ID_TYPE(CrewId);

typedef struct IdMaker {
  int64_t last;
} IdMaker;

/* Greater than every id this maker made before, even when the clock stands or goes back. One thread. */
int64_t id_make(IdMaker *maker, Instant now);
Instant id_instant(int64_t id); /* about when it was made, to the millisecond */
int64_t id_newest(Instant at); /* no id made until then is greater, but for those of a burst of millions */

#endif
