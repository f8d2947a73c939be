#pragma once
// A server that a journal is applied to: where it is, of which journal, and what it refuses. Its
// thread answers while a test looks.
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/resp_text.h"
#include "wire/scripted_server.h"

namespace redkeep::recovery {

using wire::Command;

class JournaledServer {
 protected:
  JournaledServer() {
    answers_.on("GET", [this](const Command& command) { return get(command); });
    answers_.on("HMGET", [](const Command& command) {
      return wire::array(std::vector<std::string>(command.size() - 2, wire::nil()));
    });
    answers_.on("EVAL", [this](const Command& command) { return eval(command); });
    answers_.on("SET", [this](const Command& command) { return set(command); });
    answers_.on("SCAN", [this](const Command&) { return scan(); });
  }
  ~JournaledServer() = default;

  std::string get(const Command& command) {
    const std::lock_guard lock(mutex_);
    if (!refusal_.empty()) return wire::refusal(refusal_);
    std::string value = position_;
    if (command[1] == "reed:guard:content") value = mark_;
    if (command[1] == "reed:guard:journal") value = journal_;
    return value.empty() ? wire::nil() : wire::bulk(value);
  }
  std::string scan() {
    const std::lock_guard lock(mutex_);
    return wire::scan_page("0", keys_);
  }
  std::string set(const Command& command) {
    const std::lock_guard lock(mutex_);
    (command[1] == "reed:guard:content" ? mark_ : position_) = command[2];
    return wire::status("OK");
  }
  // As the script does: KEYS[1] is the position, its value the first condition's last word, and the
  // new one the last word of all. The journal's is that of the second condition. What sets both
  // has them behind each other, each with the words before a value in between.
  std::optional<std::string> eval(const Command& command) {
    const std::lock_guard lock(mutex_);
    if (!refusal_of_writes_.empty()) return wire::refusal(refusal_of_writes_);
    if (command[3] == "reed:guard:content") return finish_recovery(command);
    const std::size_t keys = std::stoul(command[2]);
    const std::string& before = command[3 + keys + 4];
    if (before != position_) return wire::integer(1);
    if (command[3 + keys + 7] != journal_) return wire::integer(2);
    if (command.back().find(' ') != std::string::npos) {
      ++claims_;
      position_ = command[command.size() - 10];
      journal_ = command.back();
      return wire::integer(0);
    }
    position_ = command.back();
    applied_.push_back(position_);
    if (std::exchange(breaks_off_, false)) return std::nullopt;
    return wire::integer(0);
  }

  std::string finish_recovery(const Command& command) {
    if (position_.empty()) return wire::integer(0);
    if (mark_ == command[5]) mark_ = command[6];
    return wire::integer(1);
  }
  std::string mark() {
    const std::lock_guard lock(mutex_);
    return mark_;
  }

  void refuse_writes(const std::string& with) {
    const std::lock_guard lock(mutex_);
    refusal_of_writes_ = with;
  }
  void refuse_everything(const std::string& with) {
    const std::lock_guard lock(mutex_);
    refusal_ = refusal_of_writes_ = with;
  }
  std::vector<std::string> applied() {
    const std::lock_guard lock(mutex_);
    return applied_;
  }
  int claims() {
    const std::lock_guard lock(mutex_);
    return claims_;
  }
  // The server as it is found: where it is, and of which journal.
  void server_is(const std::string& position, const std::string& journal) {
    const std::lock_guard lock(mutex_);
    position_ = position;
    journal_ = journal;
  }

  std::mutex mutex_;  // of what follows
  std::string position_;
  std::string journal_;            // guard:journal
  int claims_ = 0;                 // of the server, for a journal
  std::string mark_;               // guard:content
  std::vector<std::string> keys_;  // what a walk finds
  std::string refusal_;
  std::string refusal_of_writes_;
  bool breaks_off_ = false;
  std::vector<std::string> applied_;

  wire::Answers answers_;
  wire::ScriptedServer server_{answers_};  // last: its thread uses the others
};

}  // namespace redkeep::recovery
