// Which class fits a family. A proposal is read by a person before it is used, and errs on the side
// of keeping: nothing is proposed to be shed unless keys have a TTL and their name says cache.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "discover/discovery.h"
#include "discover/key_shape.h"
#include "sizes/sizes.h"

namespace redkeep::discover {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kNearlyAllPct = 95;
constexpr double kNearlyNonePct = 5;

// TTLs as people write them: what is left of one is at most the whole.
constexpr std::array<seconds, 17> kUsualTtls{
    seconds{10}, seconds{30},   minutes{1},     minutes{5},     minutes{10},    minutes{15},
    minutes{30}, hours{1},      hours{2},       hours{6},       hours{12},      hours{24},
    hours{48},   hours{7 * 24}, hours{14 * 24}, hours{30 * 24}, hours{365 * 24}};

// What words in a key say of it.
struct Hint {
  std::string_view word;
  ShedAt shed_at;
  int shed_order;
};
// In this order: a "session_lock" is a lock.
constexpr std::array<Hint, 27> kHints{{
    {"lock", ShedAt::Never, 0},      {"mutex", ShedAt::Never, 0},
    {"semaphore", ShedAt::Never, 0}, {"rate", ShedAt::Never, 0},
    {"ratelimit", ShedAt::Never, 0}, {"ratelimiter", ShedAt::Never, 0},
    {"limiter", ShedAt::Never, 0},   {"throttle", ShedAt::Never, 0},
    {"limit", ShedAt::Never, 0},     {"queue", ShedAt::Never, 0},
    {"job", ShedAt::Never, 0},       {"session", ShedAt::Critical, 9},
    {"sess", ShedAt::Critical, 9},   {"csrf", ShedAt::Critical, 9},
    {"token", ShedAt::Critical, 9},  {"auth", ShedAt::Critical, 9},
    {"login", ShedAt::Critical, 9},  {"page", ShedAt::Warning, 1},
    {"query", ShedAt::Warning, 1},   {"fragment", ShedAt::Warning, 1},
    {"asset", ShedAt::Warning, 2},   {"cache", ShedAt::Warning, 2},
    {"view", ShedAt::Warning, 2},    {"template", ShedAt::Warning, 3},
    {"tmp", ShedAt::Warning, 3},     {"temp", ShedAt::Warning, 3},
    {"thumb", ShedAt::Warning, 3},
}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The words outside of `{}`, in lower case.
std::vector<std::string> words_of(std::string_view pattern) {
  std::vector<std::string> words(1);
  bool in_braces = false;
  for (const char c : pattern) {
    if (c == '{') in_braces = true;
    const bool is_part = !in_braces && (is_letter(c) || (c >= '0' && c <= '9'));
    if (c == '}') in_braces = false;
    if (is_part) {
      words.back() += lower(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// "sessions" and "session" are hinted at by the same word; "template" is not by "temp".
const Hint* hint_of(const std::vector<std::string>& words) {
  for (const auto& hint : kHints) {
    for (const auto& word : words) {
      if (word == hint.word || word == std::string(hint.word) + "s") return &hint;
      if (word == "queries" && hint.word == "query") return &hint;
    }
  }
  return nullptr;
}

std::string unique_name(const std::vector<std::string>& words, std::vector<std::string>& taken) {
  constexpr std::size_t kMostNameBytes = 48;
  std::string name;
  for (const auto& word : words) name += (name.empty() ? "" : "_") + word;
  name = name.substr(0, kMostNameBytes);
  if (name.empty()) name = "family";
  std::string unique = name;
  for (int i = 2; std::find(taken.begin(), taken.end(), unique) != taken.end(); ++i) {
    unique = fmt::format("{}_{}", name, i);
  }
  taken.push_back(unique);
  return unique;
}

seconds usual_ttl(std::chrono::milliseconds longest_left) {
  for (const auto ttl : kUsualTtls) {
    if (ttl >= longest_left) return ttl;
  }
  return std::chrono::ceil<seconds>(longest_left);
}

std::string types_text(const Family& family) {
  std::vector<std::pair<std::int64_t, std::string>> types;
  for (const auto& [type, keys] : family.types) types.emplace_back(keys, type);
  std::sort(types.rbegin(), types.rend());
  std::string text;
  for (const auto& [keys, type] : types) {
    text += (text.empty() ? "" : ", ") + type;
    if (types.size() > 1) text += fmt::format(" ({})", sizes::print_count(keys));
  }
  return text;
}

double ttl_pct(const census::TtlHistogram& ttl) {
  return ttl.counted() > 0
             ? 100 * static_cast<double>(ttl.with()) / static_cast<double>(ttl.counted())
             : 0;
}

// About how many keys of the whole family those of the sample stand for.
std::string keys_text(const Family& family, std::int64_t sampled) {
  const auto counted = static_cast<double>(family.detail.ttl.counted());
  const double keys = family.estimate.keys.value * static_cast<double>(sampled) / counted;
  return sizes::print_count(std::llround(keys));
}

void propose_evictable(const Family& family, const Hint* hint, KeyClass& key_class,
                       std::vector<std::string>& reasons) {
  const auto& ttl = family.detail.ttl;
  reasons.push_back(
      fmt::format("evictable: it is written with a TTL; the longest that is left is {}",
                  sizes::print_duration(ttl.longest)));
  if (ttl.without > 0) {
    reasons.push_back(
        fmt::format("but about {} of them have none (such as \"{}\"): a TTL that gets lost, or "
                    "keys that are to "
                    "stay; `redkeep audit --fix` would give them one",
                    keys_text(family, ttl.without), family.example_without_ttl));
  }
  if (hint == nullptr) {
    reasons.push_back(
        "not shed: its name says nothing; if it may go when memory is short, shed_at = "
        "\"warning\"");
    return;
  }
  key_class.shed_at = hint->shed_at;
  key_class.shed_order = hint->shed_order;
  const std::string_view when = hint->shed_at == ShedAt::Warning ? "shed from the warning mark on"
                                : hint->shed_at == ShedAt::Critical
                                    ? "shed at the critical mark only"
                                    : "not shed";
  reasons.push_back(fmt::format("{}: its name says \"{}\"", when, hint->word));
}

void propose_lasting(const Family& family, const Hint* hint, std::vector<std::string>& reasons) {
  reasons.push_back("protected: it is written without a TTL");
  const auto with_ttl = family.detail.ttl.with();
  if (with_ttl > 0) {
    reasons.push_back(fmt::format(
        "but about {} of them have one (such as \"{}\"): set by mistake, or keys that are to go; "
        "`redkeep audit --fix` would take it off",
        keys_text(family, with_ttl), family.example));
  }
  if (hint == nullptr || hint->shed_at == ShedAt::Never) return;
  reasons.push_back(fmt::format(
      "its name says \"{}\", but without a TTL it is never evicted and fills the server: is that "
      "meant?",
      hint->word));
}

// A few keys that are alike say little of all.
void warn_of_few(const Family& family, bool is_evictable, std::vector<std::string>& reasons) {
  const auto& ttl = family.detail.ttl;
  const auto counted = static_cast<double>(ttl.counted());
  const auto others = static_cast<double>(is_evictable ? ttl.without : ttl.with());
  const double all = std::max(counted, family.estimate.keys.value);
  const double most_pct = census::share_pct(others, counted, all).high;
  if (counted == 0 || most_pct <= kNearlyNonePct) return;
  reasons.push_back(fmt::format(
      "but only {} keys were looked at: of all of them up to {:.0f} % may be otherwise; `redkeep "
      "audit` tells",
      sizes::print_count(ttl.counted()), most_pct));
}

// What each of the two classes would do to the keys that are there.
void explain_choice(const Family& family, std::vector<std::string>& reasons) {
  const auto& ttl = family.detail.ttl;
  reasons.push_back(
      "not decided: two families under one name, or a TTL that gets lost. Either level changes "
      "keys as soon as `redkeep audit --fix` or a guard mends them:");
  reasons.push_back(
      fmt::format("protected takes the TTL off about {} keys (such as \"{}\"), which then stay for "
                  "ever;",
                  keys_text(family, ttl.with()), family.example));
  reasons.push_back(fmt::format(
      "evictable puts one on about {} keys (such as \"{}\"), which then go when it ends",
      keys_text(family, ttl.without), family.example_without_ttl));
}

}  // namespace

bool has_mixed_ttls(const Family& family) {
  const double pct = ttl_pct(family.detail.ttl);
  return pct > kNearlyNonePct && pct < kNearlyAllPct;
}

Proposal propose_class(const Family& family, std::vector<std::string>& taken) {
  Proposal proposal;
  const auto words = words_of(family.pattern);
  const Hint* hint = hint_of(words);
  proposal.key_class.name = unique_name(words, taken);
  proposal.key_class.patterns = {family.pattern};
  const auto& ttl = family.detail.ttl;
  proposal.reasons.push_back(
      fmt::format("{}; {} of {} keys looked at have a TTL ({:.0f} %); such "
                  "as \"{}\"",
                  types_text(family), sizes::print_count(ttl.with()),
                  sizes::print_count(ttl.counted()), ttl_pct(ttl), family.example));
  const bool is_evictable = ttl_pct(ttl) > kNearlyNonePct;
  if (is_evictable) proposal.key_class.level = KeyLevel::Evictable;
  if (is_evictable) proposal.key_class.ttl = usual_ttl(ttl.longest);
  if (family.is_undecided && family.would_take.empty()) {
    explain_choice(family, proposal.reasons);
  } else if (is_evictable) {
    propose_evictable(family, hint, proposal.key_class, proposal.reasons);
  } else {
    propose_lasting(family, hint, proposal.reasons);
  }
  if (!has_mixed_ttls(family)) warn_of_few(family, is_evictable, proposal.reasons);
  if (!family.would_take.empty()) {
    proposal.reasons.push_back(fmt::format(
        "not decided: its pattern holds the keys of \"{}\" too as long as that is not decided",
        family.would_take));
  }
  return proposal;
}

}  // namespace redkeep::discover
