#pragma once

/// All entities. Each header includes those that its edges refer to by Ref, and declares those that
/// edges lead to; a source, which needs both, includes this one.
#include "agent.hpp"
#include "comment.hpp"
#include "organisation.hpp"
#include "tag.hpp"
#include "ticket.hpp"
