#pragma once
// Keys from random places of the keyspace, without walking it: SCAN from random cursors. The order
// of SCAN is that of the keys' hashes, so neighbours in it have nothing to do with each other, and
// a page from a random place is as good as keys drawn one by one (RANDOMKEY), in far fewer
// commands.
#include <memory>
#include <optional>
#include <random>
#include <unordered_set>

#include "doctor/read_server.h"

namespace redkeep::doctor {

/// Writes its commands and reads their replies; see read_server(). Pure but for its random cursors,
/// which come from the seed.
class KeySampler {
 public:
  KeySampler(const keys::ClassTable& table, const ReadOptions& options, bool with_bytes);

  /// The commands of the next exchange; empty when there is nothing left to ask.
  redis::CommandBuffer next_commands(bool may_scan);
  /// Their replies.
  void take(std::vector<redis::Reply>& replies);

  KeySample finish() { return std::move(sample_); }

 private:
  void take_page(redis::Reply& reply);

  const keys::ClassTable& table_;
  std::size_t most_keys_;
  bool with_bytes_;
  std::mt19937_64 random_;
  std::unordered_set<std::string> seen_;
  std::vector<std::string> to_ask_;  // keys that were named and not asked for
  std::vector<std::string> asked_;
  bool page_is_due_ = false;
  bool is_first_page_ = true;
  bool scan_fails_ = false;
  int pages_without_news_ = 0;
  KeySample sample_;
};

}  // namespace redkeep::doctor
