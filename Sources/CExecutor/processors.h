#pragma once

/// How many processors this process may run on: its affinity mask, or those online where there is no mask.
int usable_processors(void);
