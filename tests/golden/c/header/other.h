int other_function(void);
