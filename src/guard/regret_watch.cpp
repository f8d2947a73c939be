#include "guard/regret_watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

// A little less than a second, so that a look each second does not fall behind what is shed.
constexpr std::chrono::milliseconds kRegretLookEvery{900};

bool is_there(const redis::Reply& reply) { return reply.is_integer() && reply.integer > 0; }

}  // namespace

void RegretWatch::use(const std::string& run_id, bool memory_usage) {
  if (run_id != run_id_) log_.forget_waiting();
  run_id_ = run_id;
  memory_usage_ = memory_usage;
}

redis::awaitable<void> RegretWatch::look(std::shared_ptr<redis::Client> client, TimePoint now) {
  if (looked_ && now - *looked_ < kRegretLookEvery) co_return;
  looked_ = now;
  const std::vector<std::string> keys = log_.due(now);
  if (!keys.empty()) {
    redis::CommandBuffer ask;
    for (const auto& key : keys) {
      if (memory_usage_) {
        ask.add({"MEMORY", "USAGE", key});
      } else {
        ask.add({"EXISTS", key});
      }
    }
    const auto generation = client->generation();
    const auto replies = co_await client->exchange(std::move(ask), generation);
    std::vector<bool> there;
    bool refused = !replies;
    for (std::size_t i = 0; !refused && i < replies->size(); ++i) {
      refused = (*replies)[i].is_error();
      there.push_back(is_there((*replies)[i]));
    }
    if (!refused) {
      log_.note_answers(there, now);
    } else {
      spdlog::debug("the server was not asked for what was shed");
    }
  }
  write_down(now);
}

void RegretWatch::write_down(TimePoint now) {
  for (const auto& [index, regret] : log_.rates(now)) {
    snapshot_.regret[table_.at(index).name] = regret;
  }
  const std::int64_t minute = now.time_since_epoch() / std::chrono::minutes{1};
  if (minute == minute_) return;
  minute_ = minute;
  for (const auto& [index, regret] : log_.rates_of_minute_before(now)) {
    if (regret.sampled_keys == 0) continue;
    ledger_.add(LedgerKind::Notice, "regret", describe(table_.at(index).name, regret));
  }
}

std::string describe(const std::string& class_name, const shed::Regret& regret) {
  return fmt::format(
      "of {} sampled keys of {} shed a minute before, {:.1f} % (+- {:.1f}) were written again "
      "within a minute",
      sizes::print_count(regret.sampled_keys), class_name, regret.written_again_pct,
      regret.error_pct);
}

}  // namespace redkeep::guard
