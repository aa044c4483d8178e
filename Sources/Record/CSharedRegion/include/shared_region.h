#ifndef BINDSTORM_SHARED_REGION_H
#define BINDSTORM_SHARED_REGION_H
/* The memory that the harness shares with its workers: orders go out and results come back through it, so
   that a trial needs no message and no file. It is C because Swift promises no layout for its own structs,
   and two processes must agree on it; and because atomics over such memory are one builtin here.

   Every participant of a phase writes its results with plain stores and then calls bs_complete(), whose
   atomic decrement publishes them; the harness reads only after `pending` has reached zero. Plain fields
   that are read while they may change are read with bs_load().

   Words that different processes write in a hurry lie on cache lines of their own, by padding: Swift does
   not import a struct that asks for an alignment of 64. */
#include <stdint.h>
#include <string.h>

#include "futex.h"

enum {
  BS_MAX_LAUNCHES = 64,
  BS_MAX_SERVERS = 4096, /* all launches together */
  BS_MAX_THIEVES = 64,
  BS_MAX_OPTIONS = 8,
  BS_MAX_FAULTS = 16,
  BS_MAX_ENGINES = 4096,           /* all launches together */
  BS_ENGINE_WORDS = 4,             /* 64 engine cores of one launch a word */
  BS_MAX_NODES = 16,
  BS_MAX_RESERVATIONS = 16,
  BS_PATH_SIZE = 64,
  BS_COMMAND_SIZE = 8192, /* of an adapter: its folder, its forcing and its words, each ended by 0 */
  BS_DETAIL_SIZE = 2048,
  BS_PORTS = 65536
};

/* What a role is told to do; each role has a futex word of its own. */
enum bs_server_command { BS_SERVER_BIND = 1, BS_SERVER_CLOSE = 2 };
enum bs_launcher_command {
  BS_LAUNCHER_PREPARE = 1,
  BS_LAUNCHER_COLLECT = 2,
  BS_LAUNCHER_FINISH = 3,
  BS_LAUNCHER_STOP = 4 /* the arm is over: end what outlives trials */
};
enum bs_thief_command { BS_THIEF_BEGIN = 1, BS_THIEF_DRAW = 2, BS_THIEF_END = 3, BS_THIEF_BOUND = 4 };

/* Numbers of History.Stage; the harness translates. */
enum bs_stage {
  BS_STAGE_NONE = 0,
  BS_STAGE_PROBE,
  BS_STAGE_LISTENER_SETUP,
  BS_STAGE_SPAWN,
  BS_STAGE_BIND,
  BS_STAGE_LISTEN,
  BS_STAGE_ADOPT,
  BS_STAGE_REPORT,
  BS_STAGE_SCAN,
  BS_STAGE_LOCK,
  BS_STAGE_SERVICE,
  BS_STAGE_ASK,
  BS_STAGE_COORDINATOR,
  BS_STAGE_HANDSHAKE,
  BS_STAGE_LOAD,
  BS_STAGE_CONNECT,
  BS_STAGE_READINESS,
  BS_STAGE_SERVE,
  BS_STAGE_ADAPTER,
  BS_STAGE_HTTP,
  BS_STAGE_HOST
};

/* What the kernel said when it was asked who holds a port. */
enum bs_holder_state {
  BS_HOLDER_NOT_ASKED = 0,
  BS_HOLDER_FOUND = 1,
  BS_HOLDER_NOBODY = 2,
  BS_HOLDER_UNKNOWN = 3 /* the kernel could not be asked */
};

#define BS_CACHE_LINE(name) char padding_##name[64]

struct bs_endpoint {
  uint64_t attempted_ns;
  uint64_t finished_ns;
  uint64_t listener_inode;  /* of the bound listener, for the kernel's ownership check */
  uint64_t holder_inode;    /* of a socket on the wanted port when bind() failed */
  uint64_t holder_since_ns; /* since when it claims the port, 0 where that is not on record */
  uint64_t nonce_received;  /* this endpoint's own nonce, once it has arrived here */
  uint64_t reported_ns;     /* when the binder told the launcher, 0 if it did not */
  uint32_t holder_claim;    /* the port's claim when bind() failed */
  uint32_t holder_state;    /* enum bs_holder_state */
  int32_t error;            /* errno */
  uint32_t stage;           /* enum bs_stage */
  uint32_t listeners_seen;  /* by the kernel's ownership check */
  uint16_t requested;       /* 0: wildcard */
  uint16_t bound;           /* 0: none */
  uint16_t advertised;      /* what the launcher would tell the peers */
  uint16_t is_path;         /* a Unix socket: its path below, no port */
  uint32_t is_bound;        /* it listens */
  uint32_t answered_by;     /* by whom the dialled endpoint was answered: server slot + 1; 0: nobody */
  uint32_t retries;         /* binds that failed with EADDRINUSE and were followed by another one */
  uint32_t draws;           /* ports the binder took for it, its own probes included */
  char path[BS_PATH_SIZE];  /* advertised path, ended by 0 */
};

struct bs_server {
  uint32_t done; /* number of the last phase it has completed */
  uint32_t is_dead;
  int32_t pid;
  int32_t wait_status;
  uint64_t released_ns;
  struct bs_endpoint input;
  struct bs_endpoint output;
  BS_CACHE_LINE(server);
};

/* A program whose port calls were forced, as its supervisor leaves it at the end of a trial. */
struct bs_forced_run {
  uint32_t is_complete; /* set last; the rest is valid then */
  uint32_t ending;      /* number of History.ForcedRun.Ending */
  int32_t status;       /* exit code or signal */
  uint32_t calls;       /* caught */
  uint32_t unobserved;  /* that could not be looked into */
  uint32_t lost;        /* times that the kernel dropped socket events */
  uint32_t probes;      /* ports that the kernel chose */
  uint32_t windows;     /* re-binds of ports that had been let go */
  uint32_t stolen;
  uint32_t injected;
  uint32_t refusal;     /* number of History.ForcedRun.Refusal: who held a port that was not stolen */
  int32_t supervisor;   /* its pid, holder of what it steals */
  uint32_t binds_elsewhere; /* API servers bind its numbers: their calls are not caught */
};

struct bs_launcher {
  uint32_t done;
  uint32_t is_dead;
  int32_t pid;
  int32_t wait_status; /* valid once is_dead is set */
  int32_t error;
  uint32_t stage;
  uint32_t draws; /* ports it took, probes included */
  uint64_t allocation_started_ns;
  uint64_t allocation_ended_ns;
  /* A port of the launcher's own, as of a store; the holder if its bind failed, as in bs_endpoint. */
  uint64_t holder_inode;
  uint32_t holder_claim;
  uint32_t holder_state;
  uint16_t service_port;
  uint16_t hands_sockets; /* API servers are passed sockets in this trial */
  uint16_t binds_itself;  /* an adapter binds the endpoints, the API servers do not */
  uint16_t reserved;
  int32_t tree_pid;       /* root of the adapter's processes, 0 if there is none */
  struct bs_forced_run forced;
};

/* The rest of a start-up, beyond the bind; only at depth startup. Times are 0 until it has come to that. */

/* Who ended too early, as the launcher noticed it: numbers of History.Casualty, 0 for nobody. */
enum bs_casualty { BS_CASUALTY_NONE = 0, BS_CASUALTY_SERVER, BS_CASUALTY_ENGINE, BS_CASUALTY_COORDINATOR, BS_CASUALTY_SELF };

struct bs_engine {
  uint32_t is_dead;
  int32_t pid;
  int32_t wait_status;
  int32_t error;
  uint32_t stage;
  uint32_t placeholders; /* addresses with port 0 that it was told to connect to */
  uint32_t requests;     /* answered, of its own launch */
  uint32_t strangers;    /* requests of other launches */
  uint32_t is_ready;     /* set last; read while it may change */
  uint64_t started_ns;
  uint64_t initialised_ns; /* it has the addresses */
  uint64_t loaded_ns;
  uint64_t connected_ns; /* all sockets connected, first frames sent */
  uint64_t ready_ns;
};

struct bs_serving {
  uint64_t heard_ns;  /* every engine core was heard */
  uint64_t served_ns; /* every engine core has answered */
  uint64_t failed_ns;
  uint32_t is_served; /* set last; read while it may change */
  int32_t error;
  uint32_t stage;
  uint32_t strangers; /* frames that are not of this launch */
  uint64_t heard[BS_ENGINE_WORDS];
  uint64_t answered[BS_ENGINE_WORDS];
  /* HTTP and the measurement. */
  int32_t frontend_pid;       /* its HTTP front end, 0 if it has none */
  uint32_t is_measured;       /* set last; read while it may change */
  uint64_t http_answered_ns;  /* its first answer over HTTP came to the client, by the launcher's word */
  uint64_t measured_from_ns;  /* of its share of the requests without HTTP */
  uint64_t measured_until_ns;
};

/* The launcher of one launch on a node but the head node, as `vllm serve --headless`. */
struct bs_headless {
  int32_t pid;
  uint32_t is_dead;      /* without having been told to end */
  int32_t wait_status;
  int32_t casualty;      /* rank of the engine core whose death it noticed, -1 for none */
  uint64_t started_ns;
  uint64_t noticed_ns;
};

struct bs_startup {
  uint32_t gate; /* futex word: engine cores and coordinator may go on */
  uint32_t coordinator_is_dead;
  int32_t coordinator_pid;
  int32_t coordinator_status;
  uint16_t coordinator_ports[3]; /* towards API servers, engines' output, towards engines; 0 for a path */
  uint16_t handshake_port;
  uint64_t coordinator_started_ns;
  uint64_t coordinator_bound_ns;    /* by the coordinator itself, in time or not */
  uint64_t coordinator_reported_ns; /* taken by the launcher, in time */
  uint64_t handshake_bound_ns;
  uint64_t engines_ready_ns;
  uint64_t served_ns;
  uint64_t noticed_ns;
  uint32_t casualty; /* enum bs_casualty */
  int32_t casualty_number;
  uint16_t http_port;          /* 0: not bound */
  uint16_t padding;
  uint32_t http_requests;      /* that the client had sent when every API server had answered, or when it gave up */
  uint32_t http_strangers;     /* answers of other launches */
  uint64_t http_bound_ns;
  uint64_t http_answered_ns;   /* every API server has answered */
  uint64_t measured_requests;
  uint64_t measured_ns;
  uint32_t serial;             /* number of the launch in its row, from 0 */
};

/* How the rest of the start-up goes. */
struct bs_startup_order {
  uint32_t engines; /* of each launch */
  uint32_t nodes;
  uint32_t variant;
  uint32_t backend;
  uint32_t has_coordinator;
  uint32_t load_us;
  uint32_t import_us;
  uint32_t coordinator_import_us;
  uint32_t coordinator_timeout_ms;
  uint32_t init_timeout_ms;
  uint32_t client_timeout_ms;
  uint16_t rpc_port;
  uint16_t shares_rpc_port;
  uint32_t has_orphan;
  uint32_t server_node;
  uint32_t node_ports;
  uint32_t is_hybrid;
  uint32_t serial_launches;
  uint32_t has_http;
  uint32_t http_port;
  uint32_t http_timeout_ms;
  uint32_t requests;
  uint32_t request_connections;
  uint32_t request_us;
  uint32_t reservation_count;
  uint32_t reservations[3 * BS_MAX_RESERVATIONS]; /* node, first and last port */
};

struct bs_thief {
  uint32_t done;
  uint32_t is_dead;
  int32_t pid;
  int32_t error;
  uint32_t wanted;
  uint32_t drawn; /* ports taken, or tried by number and refused, since the trial began */
  uint32_t held;
  uint32_t drawn_before; /* of them, before the last launch that has allocated had: see bs_note_allocation() */
};

struct bs_choice {
  uint32_t index; /* in its registry */
  int64_t options[BS_MAX_OPTIONS];
};

/* One fault of the plan in one trial. The first part is written by the harness before the trial; times are 0 until
   it has come to that. */
struct bs_fault {
  struct bs_choice kind;
  uint32_t is_due;
  uint32_t point; /* number of Planning.InjectionPoint */
  uint32_t role;  /* number of Planning.FaultRole */
  uint32_t launch;
  uint32_t victim;        /* number within its launch */
  uint32_t word;          /* futex word: a helper has acted */
  uint64_t amount_ns;     /* drawn length of a pause or delay */
  uint64_t armed_ns;
  uint64_t injected_ns;
  uint64_t witnessed_ns;
  uint64_t healed_ns;
  uint64_t resume_ns;     /* when the harness is to continue a stopped victim; 0: not at all */
  uint32_t awaited_state; /* letter of /proc/PID/stat by which the harness witnesses it; 0: it need not */
  int32_t pid;            /* of the victim */
  int32_t helper_pid;
  int32_t error;          /* errno that it met or made */
  int32_t refused;        /* errno with which the host refused its helper process, 0 if it did not */
  uint32_t port;          /* the number at stake */
};

/* Everything about an arm that workers need. Written while no worker runs. */
struct bs_order {
  struct bs_choice strategy;
  uint32_t depth;
  uint32_t sockets;
  uint32_t workers;
  uint32_t ownership_check;
  uint32_t barrier;
  uint32_t arrival_skew_us;
  uint32_t launches;
  uint32_t servers_per_launch;
  uint32_t timeout_ms;
  uint32_t pool_low;  /* for IP_LOCAL_PORT_RANGE on our own sockets; 0 when the namespace has the range */
  uint32_t pool_high;
  uint32_t thief_count;
  struct bs_choice thieves[BS_MAX_THIEVES];
  uint32_t fault_count;
  struct bs_startup_order startup;
};

struct bs_region {
  uint64_t build; /* fingerprint of the harness's build, 0 if workers are not to compare it with their own */
  /* The harness's side: participants count down, the last one rings. */
  uint32_t phase;
  BS_CACHE_LINE(pending);
  uint32_t pending;
  BS_CACHE_LINE(doorbell);
  uint32_t doorbell;
  /* One word a role, futexes that the workers sleep on; the command is valid once the word has changed. */
  BS_CACHE_LINE(server_word);
  uint32_t server_word;
  uint32_t server_command;
  uint64_t release_deadline_ns;
  uint64_t trial_seed;
  uint32_t serial; /* number of the launch in its row, from 0 */
  BS_CACHE_LINE(launcher_word);
  uint32_t launcher_word;
  uint32_t launcher_command;
  BS_CACHE_LINE(thief_word);
  uint32_t thief_word;
  uint32_t thief_command;
  BS_CACHE_LINE(auditor_word);
  uint32_t auditor_word;
  uint32_t auditor_done;
  uint32_t auditor_is_dead;
  int32_t auditor_pid;
  struct bs_order order;
  /* What every API server touches, close together: a fresh one pays for each 64 KiB of it with a page fault. */
  struct bs_launcher launchers[BS_MAX_LAUNCHES];
  struct bs_server servers[BS_MAX_SERVERS];
  /* The adapter's command, empty if the strategy has none. Part of the order. */
  uint32_t command_size;
  char command[BS_COMMAND_SIZE];
  /* What a launch has to say in words, ended by 0. */
  char details[BS_MAX_LAUNCHES][BS_DETAIL_SIZE];
  /* What its forced program's supervisor has to say of the first window. */
  char windows[BS_MAX_LAUNCHES][BS_DETAIL_SIZE];
  struct bs_thief thieves[BS_MAX_THIEVES];
  struct bs_fault faults[BS_MAX_FAULTS];
  struct bs_startup startups[BS_MAX_LAUNCHES];
  struct bs_serving servings[BS_MAX_SERVERS];
  struct bs_engine engines[BS_MAX_ENGINES];
  struct bs_headless headless[BS_MAX_LAUNCHES * BS_MAX_NODES];
  /* Who of ours holds a port, 0 for nobody; set after a bind, cleared before the close. See bs_claim(). */
  uint32_t claims[BS_PORTS];
  /* Since when; written before the claim, by thieves and faults alone: API servers have it in their slots. */
  uint64_t claimed_ns[BS_PORTS];
};

enum bs_claim_kind { BS_CLAIM_SERVER = 1, BS_CLAIM_LAUNCHER = 2, BS_CLAIM_THIEF = 3, BS_CLAIM_COORDINATOR = 4, BS_CLAIM_FAULT = 5 };

/* A claim: what kind of process, and its slot. */
static inline uint32_t bs_claim(enum bs_claim_kind kind, uint32_t slot) { return ((uint32_t)kind << 24) | slot; }
static inline uint32_t bs_claim_kind_of(uint32_t claim) { return claim >> 24; }
static inline uint32_t bs_claim_slot_of(uint32_t claim) { return claim & 0xffffffu; }

/* The launcher's errno, which may be written while an API server looks. */
static inline int32_t bs_load_error(const struct bs_launcher *_Nonnull launcher) {
  return __atomic_load_n(&launcher->error, __ATOMIC_ACQUIRE);
}

/* Wakes the harness to look around. */
static inline void bs_ring(struct bs_region *_Nonnull region) {
  bs_add(&region->doorbell, 1);
  bs_futex_wake_all(&region->doorbell);
}

/* Marks a participant as done with `phase`, counts it down once only, and rings the harness when it was the
   last. The harness calls it for participants that have died; parents only mark them as dead and ring. */
static inline void bs_complete(struct bs_region *_Nonnull region, uint32_t *_Nonnull done, uint32_t phase) {
  if (__atomic_exchange_n(done, phase, __ATOMIC_ACQ_REL) == phase) return;
  if (__atomic_sub_fetch(&region->pending, 1, __ATOMIC_ACQ_REL) == 0) bs_ring(region);
}

/* A launcher has allocated: notes what the thieves have drawn by now. The count only grows in a trial, so that the launch
   that comes last decides; each thief sets it to 0 as the trial begins, before any launch allocates. */
static inline void bs_note_allocation(struct bs_region *_Nonnull region) {
  for (uint32_t i = 0; i < region->order.thief_count; i++) {
    struct bs_thief *thief = &region->thieves[i];
    uint32_t drawn = bs_load(&thief->drawn), before = bs_load(&thief->drawn_before);
    while (before < drawn && !__atomic_compare_exchange_n(&thief->drawn_before, &before, drawn, 0, __ATOMIC_ACQ_REL,
                                                          __ATOMIC_ACQUIRE)) {
    }
  }
}

/* Changes a role's word and wakes who sleeps on it. The command must be in place before. */
static inline void bs_announce(uint32_t *_Nonnull word) {
  bs_add(word, 1);
  bs_futex_wake_all(word);
}

/* Slots and words as pointers: Swift sees arrays as tuples, and has no address of a field. */
static inline struct bs_server *_Nonnull bs_server_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->servers[i]; }
static inline struct bs_launcher *_Nonnull bs_launcher_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->launchers[i]; }
static inline struct bs_thief *_Nonnull bs_thief_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->thieves[i]; }
static inline struct bs_fault *_Nonnull bs_fault_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->faults[i]; }
static inline struct bs_choice *_Nonnull bs_kind_of(struct bs_fault *_Nonnull f) { return &f->kind; }
static inline struct bs_startup *_Nonnull bs_startup_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->startups[i]; }
static inline struct bs_serving *_Nonnull bs_serving_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->servings[i]; }
static inline struct bs_engine *_Nonnull bs_engine_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->engines[i]; }
static inline struct bs_headless *_Nonnull bs_headless_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->headless[i]; }
static inline uint32_t *_Nonnull bs_reservations_of(struct bs_startup_order *_Nonnull o) { return o->reservations; }
static inline uint32_t *_Nonnull bs_measured_word(struct bs_serving *_Nonnull s) { return &s->is_measured; }
static inline uint64_t *_Nonnull bs_heard_of(struct bs_serving *_Nonnull s) { return s->heard; }
static inline uint64_t *_Nonnull bs_answered_of(struct bs_serving *_Nonnull s) { return s->answered; }
static inline uint16_t *_Nonnull bs_coordinator_ports_of(struct bs_startup *_Nonnull s) { return s->coordinator_ports; }
static inline uint32_t *_Nonnull bs_gate_of(struct bs_startup *_Nonnull s) { return &s->gate; }
static inline uint32_t *_Nonnull bs_served_word(struct bs_serving *_Nonnull s) { return &s->is_served; }
static inline uint32_t *_Nonnull bs_ready_word(struct bs_engine *_Nonnull e) { return &e->is_ready; }
static inline struct bs_choice *_Nonnull bs_thief_choice_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->order.thieves[i]; }
static inline int64_t *_Nonnull bs_options_of(struct bs_choice *_Nonnull choice) { return choice->options; }
static inline char *_Nonnull bs_command_of(struct bs_region *_Nonnull r) { return r->command; }
static inline char *_Nonnull bs_window_of(struct bs_region *_Nonnull r, uint32_t i) { return r->windows[i]; }
static inline uint32_t *_Nonnull bs_forced_is_complete(struct bs_forced_run *_Nonnull f) { return &f->is_complete; }
static inline struct bs_forced_run *_Nonnull bs_forced_of(struct bs_launcher *_Nonnull l) { return &l->forced; }
static inline char *_Nonnull bs_detail_of(struct bs_region *_Nonnull r, uint32_t i) { return r->details[i]; }
static inline uint32_t *_Nonnull bs_answered_by(struct bs_endpoint *_Nonnull e) { return &e->answered_by; }
static inline char *_Nonnull bs_path_of(struct bs_endpoint *_Nonnull e) { return e->path; }
static inline struct bs_endpoint *_Nonnull bs_input_of(struct bs_server *_Nonnull s) { return &s->input; }
static inline struct bs_endpoint *_Nonnull bs_output_of(struct bs_server *_Nonnull s) { return &s->output; }
static inline uint32_t *_Nonnull bs_server_done(struct bs_server *_Nonnull s) { return &s->done; }
static inline uint32_t *_Nonnull bs_launcher_done(struct bs_launcher *_Nonnull l) { return &l->done; }
static inline uint32_t *_Nonnull bs_thief_done(struct bs_thief *_Nonnull t) { return &t->done; }
static inline uint32_t *_Nonnull bs_auditor_done(struct bs_region *_Nonnull r) { return &r->auditor_done; }
static inline uint32_t *_Nonnull bs_phase_word(struct bs_region *_Nonnull r) { return &r->phase; }
static inline uint32_t *_Nonnull bs_pending_word(struct bs_region *_Nonnull r) { return &r->pending; }
static inline uint32_t *_Nonnull bs_doorbell(struct bs_region *_Nonnull r) { return &r->doorbell; }
static inline uint32_t *_Nonnull bs_server_word(struct bs_region *_Nonnull r) { return &r->server_word; }
static inline uint32_t *_Nonnull bs_launcher_word(struct bs_region *_Nonnull r) { return &r->launcher_word; }
static inline uint32_t *_Nonnull bs_thief_word(struct bs_region *_Nonnull r) { return &r->thief_word; }
static inline uint32_t *_Nonnull bs_auditor_word(struct bs_region *_Nonnull r) { return &r->auditor_word; }
static inline uint64_t *_Nonnull bs_claimed_at(struct bs_region *_Nonnull r, uint16_t port) { return &r->claimed_ns[port]; }
static inline uint32_t *_Nonnull bs_claim_at(struct bs_region *_Nonnull r, uint16_t port) { return &r->claims[port]; }

/* Forgets all claims; when no worker runs. */
static inline void bs_clear_claims(struct bs_region *_Nonnull r) { memset(r->claims, 0, sizeof r->claims); }

#endif
