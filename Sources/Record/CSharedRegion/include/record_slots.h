#ifndef BINDSTORM_RECORD_SLOTS_H
#define BINDSTORM_RECORD_SLOTS_H
/* Made by `make generate` from Sources/Schema/Definitions; change that. What it is for: shared_region.h. */
#include <stdint.h>

/* The most of each that fits. */
enum {
  BS_MAX_LAUNCHES = 64,
  BS_MAX_SERVERS = 4096, /* all launches together */
  BS_MAX_THIEVES = 64,
  BS_MAX_OPTIONS = 8,
  BS_MAX_FAULTS = 16,
  BS_MAX_ENGINES = 4096, /* all launches together */
  BS_ENGINE_WORDS = 4, /* 64 engine cores of one launch a word */
  BS_MAX_NODES = 16,
  BS_MAX_RESERVATIONS = 16,
  BS_MAX_GROUP_PORTS = 8, /* of a launch's data-parallel group */
  BS_RENDEZVOUS_COUNT = 3, /* of an engine core */
  BS_PATH_SIZE = 64,
  BS_COMMAND_SIZE = 8192, /* of an adapter: its folder, its forcing and its words, each ended by 0 */
  BS_DETAIL_SIZE = 2048,
  BS_MAX_FORCED_WINDOWS = 16, /* findings of a launch's program that are told in full */
  BS_FORCED_WORDS_SIZE = 1536, /* of a finding: its texts, each ended by 0 */
  BS_PORTS = 65536,
};

/* The command for a role; each role has its own futex word. */
enum bs_server_command {
  BS_SERVER_BIND = 1,
  BS_SERVER_CLOSE = 2,
};

enum bs_launcher_command {
  BS_LAUNCHER_PREPARE = 1,
  BS_LAUNCHER_COLLECT = 2,
  BS_LAUNCHER_FINISH = 3,
  BS_LAUNCHER_STOP = 4, /* the arm is over: end what outlives trials */
};

enum bs_thief_command {
  BS_THIEF_BEGIN = 1,
  BS_THIEF_DRAW = 2,
  BS_THIEF_END = 3,
  BS_THIEF_BOUND = 4,
};

/* What the kernel said when it was asked who holds a port. */
enum bs_holder_state {
  BS_HOLDER_NOT_ASKED = 0,
  BS_HOLDER_FOUND = 1,
  BS_HOLDER_NOBODY = 2,
  BS_HOLDER_UNKNOWN = 3, /* the kernel could not be asked */
};

/* Values of answered_by that are no API server's; above all of those. */
enum bs_answered_by_whom {
  BS_ANSWERED_BY_STRANGER = 16777216,
  BS_ANSWERED_BY_BACKLOG = 16777217, /* an adapter's listener, whose backlog has the connection */
  BS_ANSWERED_BY_STOPPED = 16777218, /* an adapter's listener, whose processes are all stopped */
  BS_ANSWERED_BY_FULL = 16777219, /* an adapter's listener, whose backlog is full */
};

/* Who of ours claims a port; see bs_claim(). */
enum bs_claim_kind {
  BS_CLAIM_SERVER = 1,
  BS_CLAIM_LAUNCHER = 2,
  BS_CLAIM_THIEF = 3,
  BS_CLAIM_COORDINATOR = 4,
  BS_CLAIM_FAULT = 5,
  BS_CLAIM_ENGINE = 6, /* an engine core's rendezvous or side channel */
};

/* The rendezvous of an engine core, by their places in its slot. */
enum bs_rendezvous_kind {
  BS_RENDEZVOUS_GROUP = 0, /* the data-parallel group of the engine cores */
  BS_RENDEZVOUS_WORKERS = 1, /* its workers */
  BS_RENDEZVOUS_REINIT = 2, /* the group that replaces the first one */
};

/* Numbers of Stage: Where in its work a process was. */
enum bs_stage {
  BS_STAGE_NONE = 0,
  BS_STAGE_PROBE = 1,
  BS_STAGE_LISTENER_SETUP = 2,
  BS_STAGE_SPAWN = 3,
  BS_STAGE_BIND = 4,
  BS_STAGE_LISTEN = 5,
  BS_STAGE_ADOPT = 6,
  BS_STAGE_REPORT = 7,
  BS_STAGE_SCAN = 8,
  BS_STAGE_LOCK = 9,
  BS_STAGE_SERVICE = 10,
  BS_STAGE_ASK = 11,
  BS_STAGE_COORDINATOR = 12,
  BS_STAGE_HANDSHAKE = 13,
  BS_STAGE_LOAD = 14,
  BS_STAGE_CONNECT = 15,
  BS_STAGE_RENDEZVOUS = 16,
  BS_STAGE_READINESS = 17,
  BS_STAGE_SERVE = 18,
  BS_STAGE_ADAPTER = 19,
  BS_STAGE_HTTP = 20,
  BS_STAGE_HOST = 21,
  BS_STAGE_SIDE_CHANNEL = 22,
};

/* Numbers of ForcedRun.Ending: How the program ended. */
enum bs_ending {
  BS_ENDING_EXITED = 0,
  BS_ENDING_SIGNALLED = 1,
  BS_ENDING_HUNG = 2,
};

/* Numbers of ForcedRun.Refusal: Who held a port that the program was refused though nothing had been stolen. */
enum bs_refusal {
  BS_REFUSAL_NONE = 0,
  BS_REFUSAL_TREE = 1,
  BS_REFUSAL_OUTSIDER = 2,
};

/* Numbers of StartupRecord.Casualty: Who the launcher noticed to have failed. */
enum bs_casualty {
  BS_CASUALTY_NONE = 0,
  BS_CASUALTY_API_SERVER = 1,
  BS_CASUALTY_ENGINE = 2,
  BS_CASUALTY_COORDINATOR = 3,
  BS_CASUALTY_LAUNCHER = 4,
};

struct bs_endpoint {
  uint64_t attempted_ns;
  uint64_t finished_ns;
  uint64_t listener_inode; /* of the bound listener, for the kernel's ownership check */
  uint64_t holder_inode; /* of a socket on the wanted port when bind() failed */
  uint64_t holder_since_ns; /* since when it claims the port, 0 if that is not recorded */
  uint64_t nonce_received; /* this endpoint's own nonce, once it has arrived here */
  uint64_t reported_ns; /* when the binder told the launcher, 0 if it did not */
  uint32_t holder_claim; /* the port's claim when bind() failed */
  uint32_t holder_state; /* enum bs_holder_state */
  int32_t error; /* errno */
  uint32_t stage; /* enum bs_stage */
  uint32_t listeners_seen; /* by the kernel's ownership check */
  uint16_t requested; /* 0: wildcard */
  uint16_t bound; /* 0: none */
  uint16_t advertised; /* what the launcher would tell the peers */
  uint16_t is_path; /* a Unix socket: its path below, no port */
  uint32_t is_bound; /* it listens */
  uint32_t answered_by; /* who answered at the dialled endpoint: server slot + 1, or enum bs_answered_by_whom; 0: no answer */
  uint32_t retries; /* binds that failed with EADDRINUSE and were followed by another one */
  uint32_t draws; /* ports the binder took for it, its own probes included */
  char path[BS_PATH_SIZE]; /* advertised path, ended by 0 */
};

struct bs_server {
  uint32_t done; /* number of the last phase it has completed */
  uint32_t is_dead;
  int32_t pid;
  int32_t wait_status;
  uint64_t released_ns;
  struct bs_endpoint input;
  struct bs_endpoint output;
  char padding_to_cache_line[64];
};

/* A program whose port calls were forced, as its supervisor leaves it at the end of a trial. */
struct bs_forced_run {
  uint32_t is_complete; /* set last; the rest is valid then */
  uint32_t ending; /* number of History.ForcedRun.Ending */
  int32_t status; /* exit code or signal */
  uint32_t calls; /* caught */
  uint32_t unobserved; /* that could not be looked into */
  uint32_t lost; /* times that the kernel dropped socket events */
  uint32_t probes; /* ports that the kernel chose, or that it bound by a number of its own */
  uint32_t windows; /* re-binds of ports that had been released */
  uint32_t told; /* findings in the launch's slots of bs_forced_window */
  uint32_t stolen;
  uint32_t injected;
  uint32_t refusal; /* number of History.ForcedRun.Refusal: who held a port that was not stolen */
  int32_t supervisor; /* its pid, holder of what it steals */
  uint32_t binds_elsewhere; /* API servers bind its numbers: their calls are not caught */
};

/* A finding of a program whose port calls were forced. */
struct bs_forced_window {
  uint16_t port;
  uint16_t is_stolen;
  uint32_t rebind; /* which re-bind of the port, from 1 */
  uint32_t occurrence; /* which window at its place, from 1; 0 if no thief can take the port there */
  int32_t prober_pid;
  int32_t rebinder_pid;
  int32_t error; /* of the re-bind; -1 if it was not observed */
  int32_t holder_pid;
  uint64_t probed_ns;
  uint64_t released_ns;
  uint64_t rebound_ns;
  char words[BS_FORCED_WORDS_SIZE]; /* see ForcedWords */
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
  uint64_t holder_inode;
  uint32_t holder_claim;
  uint32_t holder_state;
  uint16_t service_port;
  uint16_t hands_sockets; /* API servers are passed sockets in this trial */
  uint16_t binds_itself; /* an adapter binds the endpoints, the API servers do not */
  uint16_t reserved;
  int32_t tree_pid; /* root of the adapter's processes, 0 if there is none */
  struct bs_forced_run forced;
};

/* One rendezvous of an engine core: the store of a process group, which one member binds and all dial. */
struct bs_rendezvous {
  uint64_t chosen_ns; /* its number was chosen */
  uint64_t attempted_ns; /* first bind or dial */
  uint64_t met_ns; /* all members were there */
  uint64_t holder_inode; /* as in bs_endpoint, for the first number that was lost */
  uint64_t holder_since_ns;
  uint32_t holder_claim;
  uint32_t holder_state;
  uint32_t lost; /* numbers whose bind failed with EADDRINUSE */
  uint32_t is_accepted; /* whoever listens there took its connection */
  uint32_t is_met; /* set last; read while it may change */
  uint16_t port; /* the number that it binds or dials first, 0 while unknown */
  uint16_t bound; /* it listens there; 0: it only dials */
};

struct bs_engine {
  uint32_t is_dead;
  int32_t pid;
  int32_t wait_status;
  int32_t error;
  uint32_t stage;
  uint32_t placeholders; /* addresses with port 0 that it was told to connect to */
  uint32_t requests; /* answered, of its own launch */
  uint32_t strangers; /* requests of other launches */
  uint32_t is_ready; /* set last; read while it may change */
  uint64_t started_ns;
  uint64_t initialised_ns; /* it has the addresses */
  uint64_t loaded_ns;
  uint64_t connected_ns; /* all sockets connected, first frames sent */
  uint64_t ready_ns;
  struct bs_rendezvous rendezvous[BS_RENDEZVOUS_COUNT]; /* by enum bs_rendezvous_kind */
};

struct bs_serving {
  uint64_t heard_ns; /* every engine core was heard */
  uint64_t served_ns; /* every engine core has answered */
  uint64_t failed_ns;
  uint32_t is_served; /* set last; read while it may change */
  int32_t error;
  uint32_t stage;
  uint32_t strangers; /* frames that are not of this launch */
  uint64_t heard[BS_ENGINE_WORDS];
  uint64_t answered[BS_ENGINE_WORDS];
  int32_t frontend_pid; /* its HTTP front end, 0 if it has none */
  uint32_t is_measured; /* set last; read while it may change */
  uint64_t http_answered_ns; /* its first answer over HTTP came to the client, by the launcher's word */
  uint64_t http_listened_ns; /* it listened on the HTTP port */
  uint64_t measured_from_ns; /* of its share of the requests without HTTP */
  uint64_t measured_until_ns;
};

/* The launcher of one launch on a node but the head node, as `vllm serve --headless`. */
struct bs_headless {
  int32_t pid;
  uint32_t is_dead; /* without having been told to end */
  int32_t wait_status;
  int32_t casualty; /* rank of the engine core whose death it noticed, -1 for none */
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
  uint64_t coordinator_bound_ns; /* by the coordinator itself, in time or not */
  uint64_t coordinator_reported_ns; /* taken by the launcher, in time */
  uint64_t handshake_bound_ns;
  uint64_t engines_ready_ns;
  uint64_t served_ns;
  uint64_t noticed_ns;
  uint32_t is_settled; /* set last: it is served, or its failure was noticed; read while it may change */
  uint32_t casualty; /* enum bs_casualty */
  int32_t casualty_number;
  uint16_t http_port; /* 0: not bound */
  uint16_t padding;
  uint32_t http_requests; /* that the client had sent when every API server had answered, or when it gave up */
  uint32_t http_strangers; /* answers of other launches */
  uint32_t http_listeners; /* sockets that a connection to the HTTP port could reach when every API server had answered */
  uint64_t http_bound_ns;
  uint64_t http_answered_ns; /* every API server has answered */
  uint64_t measured_requests;
  uint64_t measured_ns;
  uint32_t serial; /* number of the launch in its row, from 0 */
  uint32_t reinit; /* the engine cores are to form their group anew */
  uint16_t group_ports[BS_MAX_GROUP_PORTS]; /* in the order of their use */
  uint16_t store_port; /* of the coordination store, 0: there is none */
  uint64_t group_chosen_ns; /* the group's ports were probed */
  uint64_t reinitialised_ns; /* every engine core has formed the group anew */
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

/* One fault of the plan in one trial. The first part is written by the harness before the trial; times are 0 until the step has happened. */
struct bs_fault {
  struct bs_choice kind;
  uint32_t is_due;
  uint32_t point; /* number of Planning.InjectionPoint */
  uint32_t role; /* number of Planning.FaultRole */
  uint32_t launch;
  uint32_t victim; /* number within its launch */
  uint32_t word; /* futex word: a helper has acted */
  uint64_t amount_ns; /* drawn length of a pause or delay */
  uint64_t armed_ns;
  uint64_t injected_ns;
  uint64_t witnessed_ns;
  uint64_t healed_ns;
  uint64_t resume_ns; /* when the harness must continue a stopped victim; 0: never */
  uint32_t awaited_state; /* letter of /proc/PID/stat by which the harness witnesses it; 0: it need not */
  int32_t pid; /* of the victim */
  int32_t helper_pid;
  int32_t error; /* errno that it met or made */
  int32_t refused; /* errno with which the host refused its helper process, 0 if it did not */
  uint32_t port; /* the number at stake */
};

/* What happens in each trial: a plan's settings. */
struct bs_settings_order {
  uint32_t depth;
  uint32_t topology_launches;
  uint32_t topology_api_servers;
  uint32_t pool_low;
  uint32_t pool_high;
  uint32_t window_milliseconds;
  uint32_t window_foreign_draws;
  uint32_t barrier_kind;
  uint32_t barrier_arrival_skew_microseconds;
  uint32_t workers;
  uint32_t sockets;
  uint32_t ownership_check;
  uint32_t timeout_milliseconds;
};

/* How the rest of the start-up goes: a plan's `startup`. */
struct bs_startup_order {
  uint32_t variant;
  uint32_t backend;
  uint32_t engines;
  uint32_t nodes;
  uint32_t local_engines;
  uint32_t group;
  uint32_t group_ports;
  uint32_t worker_rendezvous;
  uint32_t is_reinitialised;
  uint32_t teardown_us;
  uint32_t has_coordinator;
  uint32_t import_us;
  uint32_t coordinator_import_us;
  uint32_t load_us;
  uint32_t coordinator_timeout_milliseconds;
  uint32_t init_timeout_milliseconds;
  uint32_t client_timeout_milliseconds;
  uint32_t rpc_port;
  uint32_t shares_r_p_c_port;
  uint32_t has_orphan;
  uint32_t api_server_node;
  uint32_t uses_i_pv6;
  uint32_t side_channel_port;
  uint32_t side_channel_stride;
  uint32_t shares_side_channel;
  uint32_t node_ports;
  uint32_t reserved_ports_count;
  uint32_t reserved_ports[3 * BS_MAX_RESERVATIONS]; /* node, first and last port */
  uint32_t is_hybrid;
  uint32_t serial_launches;
  uint32_t http;
  uint32_t http_port;
  uint32_t shares_h_t_t_p_port;
  uint32_t http_reuse_port;
  uint32_t has_h_t_t_p_orphan;
  uint32_t http_timeout_milliseconds;
  uint32_t requests;
  uint32_t request_connections;
  uint32_t request_us;
};

/* Members as pointers: Swift sees arrays as tuples, and has no address of a member. */
static inline int32_t *_Nonnull bs_endpoint_error(struct bs_endpoint *_Nonnull s) { return &s->error; }
static inline uint32_t *_Nonnull bs_endpoint_stage(struct bs_endpoint *_Nonnull s) { return &s->stage; }
static inline uint32_t *_Nonnull bs_answered_by(struct bs_endpoint *_Nonnull s) { return &s->answered_by; }
static inline char *_Nonnull bs_path_of(struct bs_endpoint *_Nonnull s) { return s->path; }
static inline uint32_t *_Nonnull bs_server_done(struct bs_server *_Nonnull s) { return &s->done; }
static inline struct bs_endpoint *_Nonnull bs_input_of(struct bs_server *_Nonnull s) { return &s->input; }
static inline struct bs_endpoint *_Nonnull bs_output_of(struct bs_server *_Nonnull s) { return &s->output; }
static inline uint32_t *_Nonnull bs_forced_is_complete(struct bs_forced_run *_Nonnull s) { return &s->is_complete; }
static inline char *_Nonnull bs_forced_words_of(struct bs_forced_window *_Nonnull s) { return s->words; }
static inline uint32_t *_Nonnull bs_launcher_done(struct bs_launcher *_Nonnull s) { return &s->done; }
static inline int32_t *_Nonnull bs_launcher_error(struct bs_launcher *_Nonnull s) { return &s->error; }
static inline uint32_t *_Nonnull bs_launcher_stage(struct bs_launcher *_Nonnull s) { return &s->stage; }
static inline struct bs_forced_run *_Nonnull bs_forced_of(struct bs_launcher *_Nonnull s) { return &s->forced; }
static inline uint32_t *_Nonnull bs_met_word(struct bs_rendezvous *_Nonnull s) { return &s->is_met; }
static inline int32_t *_Nonnull bs_engine_error(struct bs_engine *_Nonnull s) { return &s->error; }
static inline uint32_t *_Nonnull bs_engine_stage(struct bs_engine *_Nonnull s) { return &s->stage; }
static inline uint32_t *_Nonnull bs_ready_word(struct bs_engine *_Nonnull s) { return &s->is_ready; }
static inline struct bs_rendezvous *_Nonnull bs_rendezvous_of(struct bs_engine *_Nonnull s) { return s->rendezvous; }
static inline uint32_t *_Nonnull bs_served_word(struct bs_serving *_Nonnull s) { return &s->is_served; }
static inline uint64_t *_Nonnull bs_heard_of(struct bs_serving *_Nonnull s) { return s->heard; }
static inline uint64_t *_Nonnull bs_answered_of(struct bs_serving *_Nonnull s) { return s->answered; }
static inline uint32_t *_Nonnull bs_measured_word(struct bs_serving *_Nonnull s) { return &s->is_measured; }
static inline uint32_t *_Nonnull bs_gate_of(struct bs_startup *_Nonnull s) { return &s->gate; }
static inline uint16_t *_Nonnull bs_coordinator_ports_of(struct bs_startup *_Nonnull s) { return s->coordinator_ports; }
static inline uint32_t *_Nonnull bs_settled_word(struct bs_startup *_Nonnull s) { return &s->is_settled; }
static inline uint32_t *_Nonnull bs_reinit_word(struct bs_startup *_Nonnull s) { return &s->reinit; }
static inline uint16_t *_Nonnull bs_group_ports_of(struct bs_startup *_Nonnull s) { return s->group_ports; }
static inline uint32_t *_Nonnull bs_thief_done(struct bs_thief *_Nonnull s) { return &s->done; }
static inline struct bs_choice *_Nonnull bs_kind_of(struct bs_fault *_Nonnull s) { return &s->kind; }
static inline uint32_t *_Nonnull bs_reservations_of(struct bs_startup_order *_Nonnull s) { return s->reserved_ports; }

#endif
