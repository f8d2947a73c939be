#include "doctor/key_sample.h"

namespace redkeep::doctor {
namespace {

// The first page begins at the beginning: of a small server it is everything.
constexpr std::string_view kFirstPageKeys = "1000";
constexpr std::string_view kPageKeys = "50";
// A sparse or small keyspace gives empty pages, or the same keys again.
constexpr int kMostPagesWithoutNews = 20;
// A server that answers with more than it was asked for is not let fill our memory.
constexpr std::size_t kMostPageKeys = 20'000;

}  // namespace

KeySampler::KeySampler(const keys::ClassTable& table, const ReadOptions& options, bool with_bytes)
    : table_(table),
      most_keys_(options.most_keys),
      with_bytes_(with_bytes),
      random_(options.seed) {}

redis::CommandBuffer KeySampler::next_commands(bool may_scan) {
  redis::CommandBuffer commands;
  const bool is_enough = sample_.is_whole || scan_fails_ || seen_.size() >= most_keys_ ||
                         pages_without_news_ >= kMostPagesWithoutNews;
  page_is_due_ = is_first_page_ || (may_scan && !is_enough);
  if (page_is_due_) {
    // Servers take the low bits, as many as their table has.
    const std::string cursor = is_first_page_ ? "0" : std::to_string(random_() >> 16);
    commands.add({"SCAN", cursor, "COUNT", is_first_page_ ? kFirstPageKeys : kPageKeys});
  }
  asked_ = std::move(to_ask_);
  to_ask_.clear();
  for (const auto& key : asked_) {
    commands.add({"PTTL", key});
    if (with_bytes_) commands.add({"MEMORY", "USAGE", key});
  }
  return commands;
}

void KeySampler::take_page(redis::Reply& reply) {
  const bool is_first = std::exchange(is_first_page_, false);
  if (!reply.is_array() || reply.elements.size() != 2 || !reply.elements[1].is_array()) {
    scan_fails_ = true;  // what was refused is told by the probes
    return;
  }
  if (is_first && reply.elements[0].text == "0") sample_.is_whole = true;
  bool news = false;
  auto& named = reply.elements[1].elements;
  if (named.size() > kMostPageKeys) named.resize(kMostPageKeys);
  for (auto& key : named) {
    if (!seen_.insert(key.text).second) continue;
    news = true;
    to_ask_.push_back(std::move(key.text));
  }
  pages_without_news_ = news ? 0 : pages_without_news_ + 1;
}

void KeySampler::take(std::vector<redis::Reply>& replies) {
  std::size_t at = 0;
  if (page_is_due_) take_page(replies[at++]);
  for (auto& key : asked_) {
    const redis::Reply& ttl = replies[at++];
    SampledKey sampled;
    if (with_bytes_) {
      const redis::Reply& bytes = replies[at++];
      if (bytes.is_integer()) sampled.bytes = bytes.integer;
    }
    if (!ttl.is_integer() || ttl.integer == -2) continue;  // gone meanwhile, or not to be told
    sampled.has_ttl = ttl.integer >= 0;
    sampled.class_index = table_.classify(key);
    sampled.key = std::move(key);
    sample_.keys.push_back(std::move(sampled));
  }
  asked_.clear();
}

}  // namespace redkeep::doctor
