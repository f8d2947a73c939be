#include "live/program.h"

#include <csignal>
#include <cstdlib>

namespace redkeep::test {

testing::AssertionResult has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

std::ostream& operator<<(std::ostream& stream, const Ended& ended) {
  return stream << "exit code " << ended.exit_code << "\nstdout: " << ended.out
                << "\nstderr: " << ended.err;
}

Program::Program(std::vector<std::string> arguments, const Environment& environment) {
  out_file_ = outputs_.write("out", "");
  err_file_ = outputs_.write("err", "");
  Process::Start start;
  start.executable = REDKEEP_PROGRAM;
  start.arguments = std::move(arguments);
  start.environment = environment;
  for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) start.environment.emplace(name, value);
  }
  start.directory = directory_.path();
  start.out_file = out_file_;
  start.err_file = err_file_;
  process_ = std::make_unique<Process>(start);
}

void Program::wait_for_out(const std::string& text) { wait_for(out_file_, text); }
void Program::wait_for_err(const std::string& text) { wait_for(err_file_, text); }

void Program::wait_for(const std::string& file, const std::string& text) {
  bool ended = false;
  const bool said = eventually(
      [&] {
        if (read_file(file).find(text) != std::string::npos) return true;
        return std::exchange(ended, process_->wait(std::chrono::milliseconds{0}).has_value());
      },
      std::chrono::seconds{20});
  ASSERT_TRUE(said && read_file(file).find(text) != std::string::npos)
      << "\"" << text << "\" was not printed" << (ended ? " before the program ended" : "")
      << "\nstdout: " << out() << "\nstderr: " << err();
}

Ended Program::wait(std::chrono::milliseconds deadline) {
  const auto code = process_->wait(deadline);
  if (!code) {
    ADD_FAILURE() << "still running after " << deadline.count() << " ms\n" << out() << err();
    process_->signal(SIGKILL);
    process_->wait(std::chrono::seconds{10});
  }
  return Ended{code.value_or(-SIGKILL), out(), err()};
}

Ended run_program(std::vector<std::string> arguments, const Environment& environment) {
  return Program(std::move(arguments), environment).wait();
}

}  // namespace redkeep::test
