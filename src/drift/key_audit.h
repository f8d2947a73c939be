#pragma once
// Every key of known classes once: its type and TTL against what its class promises, and where that
// is asked for, mended at once. Keys of no class are neither looked at nor touched. Writes commands
// and reads replies; the connection is the caller's.
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "drift/drift.h"
#include "drift/known_records.h"
#include "keys/class_table.h"
#include "keys/keyspace_walk.h"
#include "redis/command_buffer.h"
#include "redis/reply.h"

namespace redkeep::drift {

struct KeyAuditOptions {
  bool fix = false;
  /// The server has fields with TTLs (Redis 7.4, Valkey 9), and some field has one.
  bool field_ttls = false;
  bool pexpire_nx = true;  ///< PEXPIRE knows NX (Redis 7.0); a small script does the same.
  std::size_t page_keys = 500;
};

/// What is wrong with a key by its type and PTTL's answer. Pure.
std::vector<DriftKind> judge_key(const ClassRule& rule, std::string_view type, std::int64_t ttl_ms);

class KeyAudit {
 public:
  /// All that is referred to must outlive it.
  KeyAudit(const keys::ClassTable& table, const std::vector<ClassRule>& rules,
           KeyAuditOptions options, AuditOutcome& outcome, KnownRecords& known);

  bool done() const { return next_.empty(); }
  /// The commands of the next exchange, whose replies are then given to take(), in order.
  redis::CommandBuffer next_commands();
  void take(redis::Reply&& reply);
  /// The first error; the audit is over then.
  const Status& status() const { return status_; }

 private:
  enum class What { Page, Type, Ttl, Fields, FieldTtls, Mended };
  struct Due {
    What what;
    std::string key;
    keys::ClassIndex index = 0;
    DriftKind kind = DriftKind::WrongType;
    std::vector<std::string> fields;
  };

  void take_page(redis::Reply&& reply);
  void take_ttl(Due due, const redis::Reply& reply);
  void take_fields(Due due, const redis::Reply& reply);
  void take_field_ttls(Due due, const redis::Reply& reply);
  void mend(const std::string& key, keys::ClassIndex index, DriftKind kind);
  void expect(What what, const std::string& key, keys::ClassIndex index);

  const keys::ClassTable& table_;
  const std::vector<ClassRule>& rules_;
  KeyAuditOptions options_;
  AuditOutcome& outcome_;
  KnownRecords& known_;
  keys::KeyspaceWalk walk_;
  Status status_;
  redis::CommandBuffer next_;
  std::deque<Due> next_due_;  // of the commands in next_
  std::deque<Due> due_;       // of the exchange under way
  std::string type_;          // TYPE's answer, until PTTL's comes
};

}  // namespace redkeep::drift
