#pragma once
// What a mend takes of a content that is spread: the pieces of damaged keys, and which members of
// changed sets are right. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "recovery/load/graph_batch.h"
#include "recovery/verify/survey.h"

namespace redkeep::recovery {

/// The fingerprint of a membership.
inline std::uint64_t membership_print(std::uint64_t key, std::string_view member) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;  // mixes the key's bits
  return key * kOdd + member_digest(member);
}

/// Which of many sets are wanted, each named by the word or id that it is for. The key of one that
/// is not wanted is made once.
class SetChoice {
 public:
  template <class MakeKey, class WantsKey>
  bool wants(std::string_view name, MakeKey make_key, WantsKey wants_key) {
    const std::uint64_t print = keys::fingerprint(name);
    if (unwanted_.contains(print)) return false;
    if (wants_key(make_key(name))) return true;
    unwanted_.insert(print);
    return false;
  }

 private:
  keys::FingerprintSet unwanted_;
};

/// A sink of content::spread(): remembers the members of the sets among `keys`, 16 bytes each.
class ExpectedMembers {
 public:
  /// Both must outlive it.
  ExpectedMembers(const keys::KeySchema& schema, const keys::FingerprintSet& keys)
      : schema_(schema), keys_(keys) {}

  bool wants_word(std::string_view word) {
    return words_.wants(
        word, [this](std::string_view of) { return schema_.word(of); },
        [this](std::string_view key) { return keys_.contains(key_print(key)); });
  }

  void hash(std::string_view, const content::HashFields&) {}
  void string(std::string_view, std::string_view) {}
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(std::string_view key, std::string_view member) {
    const std::uint64_t print = key_print(key);
    if (keys_.contains(print)) members_.insert(membership_print(print, member));
  }

  bool contains(std::uint64_t key, std::string_view member) const {
    return members_.contains(membership_print(key, member));
  }

 private:
  const keys::KeySchema& schema_;
  const keys::FingerprintSet& keys_;
  SetChoice words_;
  keys::FingerprintSet members_;
};

/// A sink of content::spread(): passes on what belongs to a damaged key.
class DamagedPieces {
 public:
  /// `left` are keys that stay as they are. All must outlive it.
  DamagedPieces(const keys::KeySchema& schema, const Damage& damage,
                const keys::FingerprintSet& left, GraphBatch::Sink sink)
      : schema_(schema), damage_(damage), left_(left), sink_(sink) {}

  bool wants_word(std::string_view word) {
    return words_.wants(
        word, [this](std::string_view of) { return schema_.word(of); },
        [this](std::string_view key) { return is_damaged(key); });
  }
  bool wants_links(std::string_view id) {
    return links_.wants(
        id, [this](std::string_view of) { return schema_.links(of); },
        [this](std::string_view key) { return is_damaged(key); });
  }

  struct Member {
    std::string_view bytes;
    std::optional<SetCollector::Number> number;
  };

  void hash(const std::string& key, const content::HashFields& fields) {
    if (is_damaged(key)) sink_.hash(key, fields);
  }
  void string(std::string key, std::string_view value) {
    if (is_damaged(key)) sink_.string(std::move(key), value);
  }
  Member* member(std::string_view bytes) {
    member_ = {bytes, std::nullopt};
    return &member_;
  }
  void in_set(const std::string& key, Member* member) {
    if (!is_damaged(key)) return;
    if (!member->number) member->number = sink_.member(member->bytes);
    sink_.in_set(key, *member->number);
  }

 private:
  bool is_damaged(std::string_view key) const {
    const std::uint64_t print = key_print(key);
    if (damage_.missing.contains(print) || damage_.wrong_type.contains(print)) return true;
    return damage_.changed.contains(print) && !left_.contains(print);
  }

  const keys::KeySchema& schema_;
  const Damage& damage_;
  const keys::FingerprintSet& left_;
  GraphBatch::Sink sink_;
  SetChoice words_;
  SetChoice links_;
  Member member_;
};

/// Whether the record that a member of one of the graph's sets names is in the content.
inline bool names_a_record(const keys::KeySchema& schema, const Survey& survey,
                           std::string_view set, std::string_view member) {
  const bool is_path = set.substr(schema.prefix().size()).starts_with("links:");
  if (!is_path) return survey.check.entity_ids.contains(keys::fingerprint(member));
  return survey.expected.find(key_print(schema.association(member))) != ExpectedKeys::kNone;
}

}  // namespace redkeep::recovery
