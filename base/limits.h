/* Every limit of the program, in one place. Past a limit the caller gets an error that names it. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* http */
#define LIMIT_BODY_BYTES (256u * 1024)            /* of one request's body */
#define LIMIT_UPLOAD_BYTES (6u * 1024 * 1024)    /* … where a route takes pictures and documents */
#define LIMIT_ATTACHMENTS_PER_ORDER 200
#define LIMIT_REQUEST_ARENA (4u * 1024 * 1024)    /* memory of one request */
#define LIMIT_LARGE_BODY_BYTES (8u * 1024 * 1024) /* … where the route takes more: readings of a whole area and day */
#define LIMIT_LARGE_REQUEST_ARENA (128u * 1024 * 1024)
#define LIMIT_REPLY_BYTES (64u * 1024 * 1024)     /* of one reply */
#define LIMIT_CONNECTIONS 2000                    /* open at once */
#define LIMIT_CONNECTION_SECONDS 60               /* idle */
#define LIMIT_PATIENCE_SECONDS 10                 /* for a new connection's first head; twice as long for a body or for taking a reply, and … */
#define LIMIT_SLOWEST_BYTES (32u * 1024)          /* … a second more for each so many bytes of it */
#define LIMIT_ROUND_CPU_MS 30                     /* of processor for what one round of a loop found waiting; reads beyond it are refused … */
#define LIMIT_ROUND_READS 32                      /* … past so many */
#define LIMIT_PAGE_ROWS 500                       /* rows in one page of a list */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_LIVE_FEEDS 500                      /* open event streams */
#define LIMIT_LIVE_BACKLOG 10000                  /* events kept in memory for resuming; older ones are read from the store */
#define LIMIT_LIVE_BYTES (8u * 1024 * 1024)        /* … and so many bytes of them */
#define LIMIT_LIVE_BEHIND 2                       /* times the backlog: what a feed may be behind before it is told to begin anew */
#define LIMIT_PERSON_WRITES 600                   /* at once by one person, and so many a minute again; fault calls and what machines send are not counted */
#define LIMIT_ADDRESS_FORMS 60                    /* of the public, at once from one address (a hall behind one is many people), and one more every … */
#define LIMIT_ADDRESS_FORM_SECONDS 20
#define LIMIT_SLOW_QUEUE 64                       /* requests that wait for the thread of slow ones; likewise for that of reports */
#define LIMIT_SLOW_PER_ADDRESS 16                 /* … of them from one address */

/* people who work here */
#define LIMIT_STAFF 20000
#define LIMIT_SESSION_IDLE_HOURS 12
#define LIMIT_SESSION_DAYS 7                      /* since sign-in, whatever happens */
#define LIMIT_SESSIONS_PER_STAFF 20               /* the oldest ends when one more begins */

/* desk */
#define LIMIT_DESK_QUEUE 400                      /* commands waiting: fewer than connections, so that there is one left to refuse on */
#define LIMIT_DESK_HOLD_MS 5                      /* the state lock is kept for so long while more commands of a batch come */
#define LIMIT_DESK_BATCH 2000                     /* commands in one transaction */
#define LIMIT_IDEMPOTENCY_KEYS (1u << 20)         /* newest keys remembered */
#define LIMIT_IDEMPOTENCY_DAYS 7                  /* … and for so long */

/* phones */
#define LIMIT_DONE_HOURS 12                       /* so far back a phone's word of when something was done counts */

/* import */
#define LIMIT_CSV_FIELD_BYTES (64u * 1024)
#define LIMIT_CSV_COLUMNS 64
#define LIMIT_IMPORT_ERRORS 100                   /* errors listed before an import gives up listing */
#define LIMIT_DEVICES 40000000                    /* in one county's network */
#define LIMIT_CUSTOMERS 40000000
#define LIMIT_TREE_DEPTH 4096
#define LIMIT_CIM_OBJECTS 400000000               /* in one file */
#define LIMIT_ORG_DEPTH 12
#define LIMIT_ARREARS_ROWS 5000                   /* statements of billing in one message: the desk takes them as one command */
#define LIMIT_ARREARS_FEN 100000000000            /* owed by one customer */

/* evidence of outages */
#define LIMIT_POWER_EVENTS 20000                  /* in one message of a head-end */
#define LIMIT_EVIDENCE_LISTED 1000                /* set aside and told one by one; all are counted */

/* planning of crews */
#define LIMIT_DISPATCH_JOBS 5000
#define LIMIT_DISPATCH_CREWS 2000
#define LIMIT_DISPATCH_PLACES 6000                /* rows of the matrix of travel times */
#define LIMIT_DISPATCH_STORES 200
#define LIMIT_DISPATCH_ITEMS 200
#define LIMIT_DISPATCH_SPOTS (4u << 20)           /* job × crew places remembered; past it they are judged anew */
#define LIMIT_DISPATCH_BYTES (64u * 1024 * 1024)  /* of a problem as text */

/* meters */
#define LIMIT_READ_DAYS 400                       /* of one meter in one question */

#endif
