#include "shed/slice_exchange.h"

#include <algorithm>
#include <iterator>

namespace redkeep::shed {
namespace {

using By = Ranking::By;

constexpr std::string_view kExpireScript =
    "if redis.call('PTTL', KEYS[1]) >= 0 then return redis.call('PEXPIRE', KEYS[1], -1) end "
    "return 0";

// Asio hands at most 64 KiB to one write(2), and the buffer of a Unix socket takes that whole. What
// is written in two could be held up in between for as long as this process is stopped.
constexpr std::size_t kMostWriteBytes = std::size_t{48} << 10;

// Of one deletion, at most.
std::size_t wire_bytes(const Candidate& victim, const SliceRule& rule) {
  constexpr std::size_t kFrameBytes = 64;
  return victim.key.size() + kFrameBytes + (rule.pexpire_xx ? 0 : kExpireScript.size());
}

// How many of them go into one write.
std::size_t fitting(const std::vector<Candidate>& victims, const SliceRule& rule) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < victims.size()) {
    bytes += wire_bytes(victims[count], rule);
    if (bytes > kMostWriteBytes) break;
    ++count;
  }
  return count;
}

bool asks_time_to_live(const SliceRule& rule) {
  return rule.ranking.by == By::TimeToLive || rule.spare_expiring_within.count() > 0 ||
         rule.asks_for_ttl;
}

void write_deletion(const std::string& key, const SliceRule& rule, redis::CommandBuffer& commands) {
  if (rule.pexpire_xx) {
    commands.add({"PEXPIRE", key, "-1", "XX"});
  } else {
    commands.add({"EVAL", kExpireScript, "1", key});
  }
}

void write_questions(const std::string& key, const SliceRule& rule,
                     redis::CommandBuffer& commands) {
  if (rule.ranking.by == By::Frequency) commands.add({"OBJECT", "FREQ", key});
  if (rule.ranking.by == By::IdleTime) commands.add({"OBJECT", "IDLETIME", key});
  if (asks_time_to_live(rule)) commands.add({"PTTL", key});
}

// Reads the replies in the order in which the commands were written.
class SliceReader {
 public:
  SliceReader(std::vector<redis::Reply> replies, const SliceRule& rule)
      : replies_(std::move(replies)), rule_(rule) {}

  void read_deletions(std::vector<Candidate> victims) {
    for (auto& victim : victims) {
      const redis::Reply& reply = next();
      if (!reply.is_integer()) {
        if (!answers.refused) answers.refused = redis::unexpected_reply("PEXPIRE", reply);
      } else if (reply.integer == 0) {
        answers.kept.push_back(std::move(victim));
      } else {
        answers.deleted.push_back(std::move(victim));
      }
    }
  }

  void read_uses(std::vector<Candidate> keys) {
    for (auto& key : keys) {
      is_spared_ = is_kept_ = false;
      read_use(key);
      if (is_kept_) {
        answers.kept.push_back(std::move(key));
      } else if (!is_spared_) {
        answers.asked.push_back(std::move(key));
      }
    }
  }

  Status read_sizes(std::vector<Candidate> keys) {
    for (auto& key : keys) {
      const redis::Reply& size = next();
      if (size.is_error()) return redis::error_from_reply("MEMORY USAGE", size);
      key.bytes = size.integer;
      if (size.is_integer()) answers.weighed.push_back(std::move(key));
    }
    return {};
  }

  Status read_memory() {
    const redis::Reply& reply = next();
    if (!reply.is_string()) return redis::unexpected_reply("INFO", reply);
    auto reading = pressure::read_memory(redis::ServerInfo::parse(reply.text), 0, 0);
    if (!reading) return reading.error();
    answers.memory = std::move(*reading);
    return {};
  }

  redis::Reply& next() { return replies_[at_++]; }

  SliceAnswers answers;

 private:
  void read_use(Candidate& key) {
    if (rule_.ranking.by == By::Frequency || rule_.ranking.by == By::IdleTime) {
      const redis::Reply& use = next();
      if (use.is_error()) answers.use_is_unknown = true;
      key.use = use.integer;
    }
    if (!asks_time_to_live(rule_)) return;
    const redis::Reply& left = next();
    if (rule_.ranking.by == By::TimeToLive) key.use = left.integer;
    // A key without a TTL is no candidate; Redis would refuse it anyway, and say so.
    is_kept_ = rule_.asks_for_ttl && left.integer < 0;
    if (left.integer < 0 || left.integer >= rule_.spare_expiring_within.count()) return;
    is_spared_ = true;
  }

  std::vector<redis::Reply> replies_;
  std::size_t at_ = 0;
  const SliceRule& rule_;
  bool is_spared_ = false;
  bool is_kept_ = false;
};

}  // namespace

SliceRule rule_for(const redis::Capabilities& capabilities, Victims victims) {
  SliceRule rule;
  rule.pexpire_xx = capabilities.pexpire_xx;
  rule.sizes = capabilities.memory_usage;
  rule.ranking.lfu_log_factor = capabilities.lfu_log_factor;
  if (victims == Victims::Soonest) {
    rule.ranking.by = By::TimeToLive;
  } else if (capabilities.object_use) {
    const bool counts = capabilities.eviction_policy.ends_with("-lfu");
    rule.ranking.by = counts ? By::Frequency : By::IdleTime;
  }
  return rule;
}

bool exceeds_one_write(const std::vector<Candidate>& victims, const SliceRule& rule) {
  return victims.size() > 1 && fitting(victims, rule) < victims.size();
}

std::vector<Candidate> take_one_write(std::vector<Candidate>& victims, const SliceRule& rule) {
  const auto end = victims.begin() +
                   static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, fitting(victims, rule)));
  std::vector<Candidate> taken(std::make_move_iterator(victims.begin()),
                               std::make_move_iterator(end));
  victims.erase(victims.begin(), end);
  return taken;
}

redis::CommandBuffer write_slice(const SliceQuestions& questions, const SliceRule& rule) {
  redis::CommandBuffer commands;
  for (const auto& victim : questions.victims) write_deletion(victim.key, rule, commands);
  for (const auto& key : questions.keys) write_questions(key.key, rule, commands);
  for (const auto& key : questions.weighed) commands.add({"MEMORY", "USAGE", key.key});
  if (questions.next_page != nullptr) questions.next_page->ask(commands);
  if (questions.measure) commands.add({"INFO", "memory"});
  return commands;
}

SliceAnswers read_slice(SliceQuestions questions, std::vector<redis::Reply> replies,
                        const SliceRule& rule) {
  SliceReader reader(std::move(replies), rule);
  reader.read_deletions(std::move(questions.victims));
  reader.read_uses(std::move(questions.keys));
  Status read = reader.read_sizes(std::move(questions.weighed));
  if (read && questions.next_page != nullptr) reader.answers.page = std::move(reader.next());
  if (read && questions.measure) read = reader.read_memory();
  if (!read && !reader.answers.refused) reader.answers.refused = read.error();
  return std::move(reader.answers);
}

}  // namespace redkeep::shed
