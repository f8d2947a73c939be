#pragma once
// The content graph as Redis has it now, as a stream of records: the loader's other direction.
//
// The names of all entities and associations are collected first and put in order, so that the same
// graph always gives the same stream; then the records are read a window of commands at a time.
// Memory grows by the names (some 60 bytes each), not by the content.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "content/record_view.h"
#include "keys/key_schema.h"
#include "recovery/checkpoint/name_list.h"
#include "redis/connection.h"

namespace redkeep::recovery {

struct ReadProgress {
  std::string_view doing;    ///< "looking for records", "reading", or what is waited for.
  std::int64_t records = 0;  ///< Below 0: none are counted yet.
  double share = 0;          ///< 0 to 1; below 0 while it is not known.
};

/// Takes what a GraphReader reads. An error ends the reading.
class RecordSink {
 public:
  RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;
  virtual ~RecordSink() = default;

  /// A record that keeps the rules by itself (content/record_rules.h) and fits its key. All
  /// entities come before the first association.
  virtual Status take(const content::EntityView& entity) = 0;
  virtual Status take(const content::AssociationView& association) = 0;
  /// A key that should be a record and is none: a sentence that begins with it.
  virtual void take_bad(std::string problem) = 0;
};

class GraphReader {
 public:
  GraphReader(std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
              std::stop_token stop, std::function<void(const ReadProgress&)> progress);

  /// Reads all of it, once. Fails as the server or the sink does, or with Interrupted. Keys that
  /// were there and are gone when they are read are left out.
  redis::awaitable<Status> run(RecordSink& sink);

  std::int64_t vanished_keys() const { return vanished_; }
  /// Keys that have fields for which the CSV has no column, and one of them.
  std::int64_t keys_with_other_fields() const { return other_fields_; }
  const std::string& an_other_field() const { return an_other_field_; }

 private:
  using Replies = std::span<redis::Reply>;
  // How the records of a kind are asked for and read.
  struct Kind {
    std::size_t commands;  // for each record
    void (GraphReader::*ask)(std::string_view name, redis::CommandBuffer& out) const;
    Status (GraphReader::*take)(std::string_view name, Replies replies, RecordSink& sink);
  };

  redis::awaitable<Status> collect_names();
  redis::awaitable<Status> read_each(const NameList& names, Kind kind, RecordSink& sink);
  redis::awaitable<Status> take_window(const NameList& names, Kind kind, std::size_t records,
                                       RecordSink& sink);
  void ask_entity(std::string_view name, redis::CommandBuffer& out) const;
  void ask_association(std::string_view name, redis::CommandBuffer& out) const;
  Status take_entity(std::string_view name, Replies replies, RecordSink& sink);
  Status take_association(std::string_view name, Replies replies, RecordSink& sink);
  Result<bool> has_fields(const std::string& key, redis::Reply& reply, RecordSink& sink);
  void other_field(std::string_view field, const std::string& key, bool& is_counted);
  Status step(std::string_view doing, double share);

  std::shared_ptr<redis::Connection> connection_;
  const keys::KeySchema& schema_;
  std::stop_token stop_;
  std::function<void(const ReadProgress&)> progress_;
  std::string entity_prefix_;
  std::string association_prefix_;
  NameList entities_;
  NameList associations_;
  std::size_t window_records_ = 16;
  std::size_t taken_ = 0;  // of the list that is being read
  std::int64_t records_ = 0;
  std::int64_t vanished_ = 0;
  std::int64_t other_fields_ = 0;
  std::string an_other_field_;
};

}  // namespace redkeep::recovery
