#include "app/exit_code.h"

#include <gtest/gtest.h>

namespace redkeep::app {
namespace {

TEST(ExitCodes, TellTheShellWhatToDo) {
  EXPECT_EQ(exit_code_for(ErrorKind::InvalidInput), ExitCode::WrongUsage);
  for (const auto kind : {ErrorKind::Refused, ErrorKind::NotPermitted}) {
    EXPECT_EQ(exit_code_for(kind), ExitCode::Refused);
  }
  for (const auto kind : {ErrorKind::Unreachable, ErrorKind::UnknownOutcome, ErrorKind::ServerBusy,
                          ErrorKind::Protocol}) {
    EXPECT_EQ(exit_code_for(kind), ExitCode::Unreachable);
  }
  for (const auto kind : {ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::OutOfMemory,
                          ErrorKind::Io, ErrorKind::Interrupted}) {
    EXPECT_EQ(exit_code_for(kind), ExitCode::ProblemsFound);
  }
}

TEST(ExitCodes, AreTheNumbersOfTheReadme) {
  EXPECT_EQ(static_cast<int>(ExitCode::Fine), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::ProblemsFound), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::WrongUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::Unreachable), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::Refused), 4);
}

TEST(ExitCodes, AFailureIsOneSentenceOnStderr) {
  testing::internal::CaptureStderr();
  const int code = fail(Error{ErrorKind::Refused, "keys are there already"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "redkeep: keys are there already\n");
  EXPECT_EQ(code, 4);
}

}  // namespace
}  // namespace redkeep::app
