#pragma once
// Every key of the graph that refers to others, read once, and its references followed. Writes
// commands and reads replies; the connection is the caller's. Reads only.
#include <deque>
#include <string>
#include <vector>

#include "drift/drift.h"
#include "drift/references.h"
#include "keys/class_table.h"
#include "keys/keyspace_walk.h"
#include "redis/command_buffer.h"
#include "redis/reply.h"

namespace redkeep::drift {

class ReferenceAudit {
 public:
  /// What is suspected beyond this is counted and not remembered.
  static constexpr std::size_t kMostSuspicions = 100'000;

  /// All that is referred to must outlive it.
  ReferenceAudit(const keys::ClassTable& table, const std::vector<ClassRule>& rules,
                 const References& references, AuditOutcome& outcome);

  bool done() const { return next_.empty(); }
  redis::CommandBuffer next_commands();
  void take(redis::Reply&& reply);
  const Status& status() const { return status_; }

  /// A set whose members do not come in one reply: to be read page by page, each given to member().
  struct BigSet {
    std::string key;
    Role role;
  };
  std::vector<BigSet>& big_sets() { return big_sets_; }
  void member(const BigSet& set, std::string_view member);

  std::vector<Suspicion>& suspicions() { return suspicions_; }

 private:
  enum class What { Page, Strings, Ends, Members };
  struct Named {
    std::string key;
    Role role;
  };
  struct Due {
    What what;
    std::vector<Named> keys;
  };

  void take_page(redis::Reply&& reply);
  void take_strings(const Due& due, const redis::Reply& reply);
  void take_ends(const Named& named, const redis::Reply& reply);
  void take_members(const Named& named, const redis::Reply& reply);
  void bound_suspicions();

  const keys::ClassTable& table_;
  const std::vector<ClassRule>& rules_;
  const References& references_;
  AuditOutcome& outcome_;
  keys::KeyspaceWalk walk_;
  Status status_;
  redis::CommandBuffer next_;
  std::deque<Due> next_due_;
  std::deque<Due> due_;
  std::vector<BigSet> big_sets_;
  std::vector<Suspicion> suspicions_;
};

}  // namespace redkeep::drift
