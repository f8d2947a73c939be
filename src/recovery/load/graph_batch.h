#pragma once
// Records into commands, in the cheapest form that the server takes: hashes as serialised values
// (RESTORE) or HSET, strings by MSET, sets gathered and written whole.
#include <string>
#include <vector>

#include "content/graph_keys.h"
#include "content/record_view.h"
#include "keys/key_schema.h"
#include "recovery/load/set_collector.h"
#include "redis/command_buffer.h"
#include "redis/dump_payload.h"

namespace redkeep::recovery {

enum class WriteForm {
  Plain,    ///< HSET and SADD: any server.
  Restore,  ///< RESTORE where it is cheaper: Redis 7.0 and later.
};
enum class Existing {
  None,     ///< The keys are new: a key that is there after all is an error.
  Replace,  ///< Whole keys are replaced, members are added, TTLs removed.
};

class GraphBatch {
 public:
  GraphBatch(const keys::KeySchema& schema, WriteForm form, Existing existing)
      : schema_(schema), form_(form), existing_(existing), word_start_(schema.word("")) {}

  /// A sink of content::spread(): what can be written at once is, members wait for the rest of
  /// their set.
  struct Sink {
    GraphBatch& batch;
    redis::CommandBuffer& out;

    void hash(const std::string& key, const content::HashFields& fields) {
      batch.add_hash(key, fields, out);
    }
    void string(std::string key, std::string_view value) {
      batch.add_string(std::move(key), value, out);
    }
    SetCollector::Number member(std::string_view bytes) { return batch.sets_.member(bytes); }
    void in_set(const std::string& key, SetCollector::Number member) {
      batch.sets_.add(batch.sets_.key(key), member);
    }
  };

  /// `words` are those of the entity; empty where search_index.csv gives them.
  void add_entity(const content::EntityView& entity, std::string_view path,
                  const std::vector<std::string_view>& words, redis::CommandBuffer& out);
  void add_association(const content::AssociationView& association, redis::CommandBuffer& out);
  /// Of a search index. Each entity once for a word (the check sees to it): RESTORE takes no member
  /// twice.
  void add_word(std::string_view word, std::string_view entity_id);

  /// Memory that the gathered sets take; past a bound the caller flushes them.
  std::size_t set_bytes() const { return sets_.bytes(); }

  /// Writes the strings that wait for a whole MSET.
  void flush_strings(redis::CommandBuffer& out);

  /// Ends the gathering of sets; then next_set() writes one after the other, until it says false
  /// and gathering may begin anew.
  void sort_sets();
  bool next_set(redis::CommandBuffer& out);

  /// The same for sets of words that were gathered and sorted elsewhere, each under its word alone.
  void take_words(SetCollector words);
  bool next_word(redis::CommandBuffer& out);

  std::int64_t words_written() const { return words_written_; }

 private:
  void add_hash(const std::string& key, const content::HashFields& fields,
                redis::CommandBuffer& out);
  void add_string(std::string key, std::string_view value, redis::CommandBuffer& out);
  void write_set(std::string_view key, std::span<const std::string_view> members, bool is_whole,
                 redis::CommandBuffer& out);

  const keys::KeySchema& schema_;
  WriteForm form_;
  Existing existing_;
  SetCollector sets_;
  SetCollector words_;           // by word, not by key
  std::string word_start_;       // what the keys of words begin with
  bool sets_are_whole_ = true;   // until some were flushed early
  bool words_are_whole_ = true;  // the same
  redis::DumpPayload payload_;
  std::vector<std::string> strings_;  // keys and values in turn
  std::int64_t words_written_ = 0;
};

}  // namespace redkeep::recovery
