#pragma once
// The built program, run as a user runs it: arguments, environment, what it prints, how it ends.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "live/process.h"

namespace redkeep::test {

using Environment = std::map<std::string, std::string>;

/// How it ended and what it said.
struct Ended {
  int exit_code = -1;  ///< Minus the signal, if one ended it.
  std::string out;
  std::string err;
};

/// For EXPECT_TRUE: whether the text has this part; if not, both are shown.
testing::AssertionResult has(const std::string& text, const std::string& part);

/// For a failing test's message.
std::ostream& operator<<(std::ostream& stream, const Ended& ended);

class Program {
 public:
  /// Starts it in an empty directory of its own, with nothing in the environment but what a shell
  /// would not miss and `environment`.
  explicit Program(std::vector<std::string> arguments, const Environment& environment = {});

  pid_t pid() const { return process_->pid(); }
  /// Where it runs.
  const std::string& directory() const { return directory_.path(); }
  void signal(int number) const { process_->signal(number); }

  /// What it has printed up to now.
  std::string out() const { return read_file(out_file_); }
  std::string err() const { return read_file(err_file_); }
  /// Waits until stdout, or stderr, has the text; fails the test if it ends or the deadline passes.
  void wait_for_out(const std::string& text);
  void wait_for_err(const std::string& text);

  /// Waits for its end; the deadline fails the test and kills it.
  Ended wait(std::chrono::milliseconds deadline = std::chrono::seconds{100});

 private:
  void wait_for(const std::string& file, const std::string& text);

  TemporaryDirectory directory_;
  TemporaryDirectory outputs_;
  std::string out_file_;
  std::string err_file_;
  std::unique_ptr<Process> process_;
};

/// Runs it to its end.
Ended run_program(std::vector<std::string> arguments, const Environment& environment = {});

}  // namespace redkeep::test
