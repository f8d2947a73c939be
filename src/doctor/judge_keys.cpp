// What the sampled keys say of all of them.
#include <algorithm>
#include <array>

#include "doctor/judge_parts.h"
#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::doctor {
namespace {

constexpr std::int64_t kHugeBytes = std::int64_t{16} << 20;
constexpr std::size_t kMostExamples = 3;
// Fewer keys than these say nothing about whether the prefix is right.
constexpr std::size_t kEnoughKeys = 20;
constexpr std::array<std::string_view, 12> kCacheWords{"cache", "cached", "session",   "sess",
                                                       "tmp",   "temp",   "nonce",     "otp",
                                                       "lock",  "token",  "ratelimit", "throttle"};

// Keys of one kind: how many, and the first few by name.
struct Group {
  std::size_t count = 0;
  std::vector<std::string> examples;

  void add(const SampledKey& sampled) {
    ++count;
    if (examples.size() < kMostExamples) examples.push_back(printable(sampled.key, 80));
  }
};

// "sampled keys", "existing key".
std::string keys_of(const KeySample& sample, std::size_t count) {
  return fmt::format("{} key{}", sample.is_whole ? "existing" : "sampled", count == 1 ? "" : "s");
}

std::string describe(const Group& group, const KeySample& sample) {
  const double pct =
      100.0 * static_cast<double>(group.count) / static_cast<double>(sample.keys.size());
  return fmt::format("{} of {} {} ({}), such as {},", group.count, sample.keys.size(),
                     keys_of(sample, sample.keys.size()), sizes::print_pct(pct),
                     fmt::join(group.examples, ", "));
}

bool is_word_end(std::string_view key, std::size_t at) {
  if (at >= key.size()) return true;
  const char c = key[at];
  return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Whether one of the words stands in it as a word ("app:cache:7", "tmp_x"), in any case.
bool looks_like_cache(std::string_view key) {
  std::string text(key);
  std::transform(text.begin(), text.end(), text.begin(), lower);
  for (const auto word : kCacheWords) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const bool begins = at == 0 || is_word_end(text, at - 1);
      if (begins && is_word_end(text, at + word.size())) return true;
    }
  }
  return false;
}

struct Groups {
  Group protected_with_ttl;
  Group evictable_without_ttl;
  Group like_caches;
  std::size_t classified = 0;
  std::vector<const SampledKey*> huge;
};

Groups sort_out(const Case& patient) {
  Groups groups;
  for (const auto& sampled : patient.reading.sample.keys) {
    if (sampled.bytes.value_or(0) >= kHugeBytes) groups.huge.push_back(&sampled);
    if (!sampled.class_index) {
      if (!sampled.has_ttl && looks_like_cache(sampled.key)) groups.like_caches.add(sampled);
      continue;
    }
    ++groups.classified;
    const bool is_evictable = patient.table.at(*sampled.class_index).level == KeyLevel::Evictable;
    if (!is_evictable && sampled.has_ttl) groups.protected_with_ttl.add(sampled);
    if (is_evictable && !sampled.has_ttl) groups.evictable_without_ttl.add(sampled);
  }
  return groups;
}

void judge_drift(const Groups& groups, const KeySample& sample, Findings& found) {
  if (groups.protected_with_ttl.count > 0) {
    const bool is_one = groups.protected_with_ttl.count == 1;
    found.push_back({"protected-with-ttl",
                     Severity::Critical,
                     fmt::format("{} {}", describe(groups.protected_with_ttl, sample),
                                 is_one ? "is protected and has a TTL: it goes by itself"
                                        : "are protected and have a TTL: they go by themselves"),
                     "",
                     {redkeep_command({"audit", "--fix"})}});
  }
  if (groups.evictable_without_ttl.count > 0) {
    const bool is_one = groups.evictable_without_ttl.count == 1;
    found.push_back(
        {"caches-without-ttl",
         Severity::Warning,
         fmt::format("{} {}", describe(groups.evictable_without_ttl, sample),
                     is_one ? "is of an evictable class and has no TTL: it stays for ever and is "
                              "never shed"
                            : "are of evictable classes and have no TTL: they stay for ever and "
                              "are never shed"),
         "",
         {redkeep_command({"audit", "--fix"})}});
  }
  if (groups.like_caches.count > 0) {
    const bool is_one = groups.like_caches.count == 1;
    found.push_back(
        {"unclassified-caches-without-ttl",
         Severity::Warning,
         fmt::format(
             "{} {}", describe(groups.like_caches, sample),
             is_one ? "matches no class, is named like a cache and has no TTL: it stays for ever"
                    : "match no class, are named like caches and have no TTL: they fill the server "
                      "for ever"),
         "give them a [[class]] in redkeep.toml, then redkeep audit --fix gives them its TTL",
         {redkeep_command({"discover"})}});
  }
}

void judge_huge(const Case& patient, const Groups& groups, Findings& found) {
  if (groups.huge.empty()) return;
  const SampledKey& largest =
      **std::max_element(groups.huge.begin(), groups.huge.end(),
                         [](const auto* a, const auto* b) { return *a->bytes < *b->bytes; });
  const bool is_one = groups.huge.size() == 1;
  Finding finding{
      "huge-keys", Severity::Warning,
      fmt::format("{} {} {} over {}, {}{}: {}; reading or freeing one stalls everybody",
                  groups.huge.size(), keys_of(patient.reading.sample, groups.huge.size()),
                  is_one ? "takes" : "take", sizes::print_bytes(kHugeBytes),
                  is_one ? "" : "the largest ", sizes::print_bytes(*largest.bytes),
                  printable(largest.key, 120))};
  const bool may_go =
      largest.class_index && patient.table.at(*largest.class_index).level == KeyLevel::Evictable;
  if (may_go) {
    finding.advice = "it is a cache: it may go";
    finding.mend = {redis_command({"UNLINK", largest.key})};
  } else {
    finding.advice = "cut it into smaller keys: no command does that";
  }
  found.push_back(std::move(finding));
}

void judge_cut_load(const ServerReading& reading, Findings& found) {
  if (!reading.load_mark) return;
  found.push_back({"load-cut",
                   Severity::Warning,
                   fmt::format("a load of {} was cut here, or is under way: a part of its content "
                               "is missing",
                               printable(*reading.load_mark, 4096)),
                   "where none is under way, finish it",
                   {redkeep_command({"load", *reading.load_mark, "--merge"})}});
}

}  // namespace

void judge_keys(const Case& patient, Findings& found) {
  judge_cut_load(patient.reading, found);
  const KeySample& sample = patient.reading.sample;
  if (sample.keys.empty()) return;
  const Groups groups = sort_out(patient);
  judge_drift(groups, sample, found);
  judge_huge(patient, groups, found);
  if (groups.classified > 0 || sample.keys.size() < kEnoughKeys) return;
  found.push_back(
      {"no-key-is-ours",
       Severity::Warning,
       fmt::format("none of {} {} matches a class under the prefix \"{}\", {} is one of them: "
                   "nothing here would be shed or protected",
                   sample.keys.size(), keys_of(sample, sample.keys.size()),
                   printable(patient.options.prefix), printable(sample.keys.front().key, 80)),
       "set the prefix (--prefix), or describe the classes in redkeep.toml",
       {redkeep_command({"discover"})}});
}

}  // namespace redkeep::doctor
