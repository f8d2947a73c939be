#pragma once
// The load of bench/flood: an application that reads pages and fills its cache, reads sessions,
// writes protected data and holds locks, over one connection. Deterministic for a seed, but for the
// times at which locks are renewed.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "page_load.h"
#include "redis/command_buffer.h"
#include "reply_pipe.h"

namespace redkeep::bench {

struct FloodOptions {
  std::string socket_path;
  std::int64_t operations = 2'000'000;
  double rate = 0;         ///< Operations a second, on an absolute schedule; 0: as fast as it goes.
  double no_ttl_pct = 0;   ///< So many page fills forget their TTL.
  double session_pct = 4;  ///< Of the operations; what is left of 100 are page reads.
  double protected_pct = 2;
  std::uint32_t sessions = 20'000;
  std::uint32_t locks = 300;  ///< Each is looked at and renewed once a second.
  std::uint32_t batch =
      64;  ///< Operations in a pipeline; the fills of the last one's misses come on top.
  std::uint64_t seed = 1;
  int pause_pid = 0;  ///< Stopped (SIGSTOP) for the middle third of the operations; 0: nothing is.
};

/// What is written, and so what a refusal is counted under.
enum class Write { Page, Session, Protected, Lock };
constexpr std::size_t kWrites = 4;

struct FloodCounts {
  std::int64_t page_reads = 0, page_hits = 0;
  std::int64_t late_page_reads = 0, late_page_hits = 0;  ///< Of the second half.
  std::int64_t sessions_lost = 0;  ///< Found missing by a read; each counts once.
  std::int64_t sessions_missing_at_end = 0;
  std::int64_t sessions_lost_in_all = 0;  ///< By a read or at the end; each counts once.
  std::int64_t locks_lost = 0;            ///< Missing when they were to be renewed.
  std::array<std::int64_t, kWrites> oom{};
  std::int64_t protected_written = 0;  ///< Acknowledged.
  std::int64_t protected_missing = 0;  ///< Acknowledged, and not there at the end.
  std::int64_t other_errors = 0;
  std::string first_error;
  std::int64_t commands = 0;  ///< Operations, fills and locks.
  double seconds = 0;
  std::vector<float> latency_ms;            ///< Of each batch, from when it was sent.
  std::vector<float> scheduled_latency_ms;  ///< From when it was due; empty at full speed.
};

class Flood {
 public:
  Flood(FloodOptions options, PageLoad pages);

  /// Writes the sessions and locks, runs the load, and looks for what must be there.
  FloodCounts run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Kind : std::uint8_t {
    PageRead,
    PageFill,
    SessionRead,
    SessionWrite,
    ProtectedWrite,
    LockCheck,
    LockRenewal,
  };
  struct Asked {
    Kind kind;
    std::uint32_t number;
  };
  /// Commands with what each one is.
  struct Batch {
    redis::CommandBuffer commands;
    std::vector<Asked> asked;
  };

  void write_first_keys();
  void run_load();
  void prepare_operations();
  void add_due_locks(Clock::time_point now);
  void exchange();
  void take(Asked asked, const PlainReply& reply);
  void take_write(Write write, const PlainReply& reply);
  void take_error(const PlainReply& reply);
  void signal_pause(std::int64_t done);
  void check_what_is_left();

  void read_page(Batch& batch);
  void fill_page(Batch& batch, std::uint32_t page);
  void read_session(Batch& batch, std::uint32_t session);
  void write_session(Batch& batch, std::uint32_t session);
  void write_protected(Batch& batch);
  void renew_lock(Batch& batch, std::uint32_t lock);
  std::string_view page_key(std::uint32_t page);

  FloodOptions options_;
  PageLoad pages_;
  ReplyPipe pipe_;
  Random mix_, forgetting_;
  std::string text_;  ///< Contents are pieces of it.
  std::string key_;
  std::vector<std::string> session_keys_, lock_keys_;
  std::vector<bool> session_lost_, lock_held_, protected_kept_;
  Batch follow_ups_;  ///< What the last replies asked for; goes ahead of the next operations.
  Batch operations_;
  std::vector<Asked> in_flight_;
  std::int64_t prepared_ = 0;  ///< Operations so far.
  bool late_ = false;          ///< The replies being read are of the second half.
  Clock::time_point locks_due_;
  std::uint32_t next_lock_ = 0;
  int pauses_ = 0;
  FloodCounts counts_;
};

}  // namespace redkeep::bench
